import type { Experiment } from '../experiment.js'
import type { Rig } from '../rig/rig.js'
import { inParallel } from '../rig/settle.js'
import type { Tenant } from '../rig/tenant.js'
import { until } from '../rig/until.js'

const attempts = 10

/** How many deliveries of a tenant were given up. */
async function exhausted(rig: Rig, tenant: Tenant): Promise<number> {
  const { status, text } = await rig.client.ask(tenant, 'GET', '/api/v1/deliveries?state=exhausted')
  if (status !== 200) return 0
  const { results }: { results: unknown[] } = JSON.parse(text)
  return results.length
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

export const longOutage: Experiment = {
  id: 'D5',
  title: 'A receiver is down for the whole of a shortened schedule',
  counts: { short: 4, quick: 20, full: 200 },
  rig: () => ({
    workers: 1,
    env: {
      AUGUR_WEBHOOK_RETRIES: Array.from({ length: attempts - 1 }, () => '1s').join(','),
      AUGUR_WEBHOOK_PAUSE_SECONDS: '0',
    },
  }),
  async run(rig, { count }) {
    const asked = new Map<string, number>()
    rig.receiver.manner = (response, request) => {
      const id = String(request.headers['webhook-id'])
      asked.set(id, (asked.get(id) ?? 0) + 1)
      response.writeHead(503).end()
    }
    rig.noteFault('down', 'receiver', [])
    await inParallel(
      Array.from({ length: count }, (_, i) => i),
      async (i) => {
        await rig.client.submit(rig.tenant(i), { input: {}, hasWebhook: true })
      },
    )
    const isOver = () => asked.size === count && [...asked.values()].every((times) => times >= attempts)
    await until(isOver, 90_000 + 500 * count, 200)
    const fewest = Math.min(...asked.values())
    const most = Math.max(...asked.values())
    const listed = () => Promise.all(rig.tenants.map((tenant) => exhausted(rig, tenant)))
    await until(async () => sum(await listed()) === count, 10_000)
    const given = sum(await listed())
    rig.receiver.manner = (response, request) => {
      asked.delete(String(request.headers['webhook-id']))
      response.writeHead(200).end()
    }
    for (const tenant of rig.tenants) await rig.client.ask(tenant, 'POST', '/api/v1/dead-letters/replay')
    await until(() => asked.size === 0, 30_000)
    return [
      { name: 'fewest attempts', value: fewest, atLeast: attempts },
      { name: 'most attempts', value: most, atMost: attempts },
      { name: 'listed as exhausted', value: given, atLeast: count, atMost: count },
      { name: 'not delivered by a replay', value: asked.size, atMost: 0 },
    ]
  },
}
