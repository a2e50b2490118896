import type { Rig } from './rig.js'

export interface ListedDelivery {
  id: string
  webhook: string
  state: string
  attempts: { outcome: string; reason: string | null; status: number | null }[]
}

/** All deliveries of all tenants; those of a page that nothing answered are left out. */
export async function listDeliveries(rig: Rig): Promise<ListedDelivery[]> {
  const found: ListedDelivery[] = []
  for (const tenant of rig.tenants) {
    let path: string | null = '/api/v1/deliveries'
    while (path !== null) {
      const { status, text } = await rig.client.ask(tenant, 'GET', path)
      if (status !== 200) break
      const page: { next: string | null; results: ListedDelivery[] } = JSON.parse(text)
      found.push(...page.results)
      path = page.next === null ? null : page.next.replace(/^https?:\/\/[^/]+/, '')
    }
  }
  return found
}
