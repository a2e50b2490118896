import { randomBytes } from 'node:crypto'
import type { Client } from './client.js'
import type { Tenant } from './tenant.js'

/** Makes a key for a tenant, as its administrator would, and asks with it what its webhooks are signed with. */
export async function createTenant(client: Client, admin: { key: string }, name: string): Promise<Tenant> {
  const wanted = { name, tenant: name, scopes: ['predict', 'read', 'webhooks'] }
  const made = await client.ask(admin, 'POST', '/admin/keys', { body: wanted })
  const { key }: { key: string } = JSON.parse(made.text)
  const told = await client.ask({ key }, 'GET', '/api/v1/webhooks/default/secret')
  const { key: webhookSecret }: { key: string } = JSON.parse(told.text)
  return { name, key, webhookSecret, canary: `canary-${name}-${randomBytes(24).toString('base64url')}` }
}
