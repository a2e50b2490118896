/** Until keys belong to tenants, every caller is this one. */
export const defaultTenant = 'default'
