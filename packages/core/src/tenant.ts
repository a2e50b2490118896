/** Who a caller belongs to that has no key of the store: the static key, and everybody where no key is needed. */
export const defaultTenant = 'default'

/** Names of tenants are part of names of keys in Redis: nothing that means something there can be in one. */
export const tenantPattern = /^[a-z0-9][a-z0-9-]{0,62}$/

export function isTenantName(text: string): boolean {
  return tenantPattern.test(text)
}
