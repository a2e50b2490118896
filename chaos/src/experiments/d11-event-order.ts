import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Experiment } from '../experiment.js'
import { inParallel } from '../rig/settle.js'
import { pause, until } from '../rig/until.js'

const ranks: Record<string, number> = { starting: 0, processing: 1, succeeded: 2, failed: 2, canceled: 2 }

interface Arrival {
  id: string
  status: string
  webhookId: string
}

export const eventOrder: Experiment = {
  id: 'D11',
  title: 'Receivers fail some events, and others come in their place',
  counts: { short: 10, quick: 60, full: 500 },
  rig: () => ({
    workers: 1,
    deliverers: 2,
    serving: { maxSize: 16 },
    env: { AUGUR_WEBHOOK_RETRIES: '200ms,200ms,200ms,200ms', AUGUR_WEBHOOK_PAUSE_SECONDS: '0' },
  }),
  async run(rig, { count, random }) {
    const arrivals: Arrival[] = []
    const taken = new Set<string>()
    const receiver = createServer((request, response) => {
      void text(request).then((body) => {
        const { id, status }: { id: string; status: string } = JSON.parse(body)
        arrivals.push({ id, status, webhookId: String(request.headers['webhook-id']) })
        const isTaken = random.next() < 0.5
        if (isTaken && status === 'succeeded') taken.add(id)
        response.writeHead(isTaken ? 200 : 503).end()
      })
    }).listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    const address = receiver.address()
    const webhookUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
    rig.noteFault('half of the events fail', 'receiver', [])
    await inParallel(
      Array.from({ length: count }, (_, i) => i),
      async (i) => {
        const webhookEvents = ['start', 'output', 'completed']
        const options = { hasWebhook: true, isUntold: true, webhookUrl, webhookEvents }
        await rig.client.submit(rig.tenant(i), { input: { sleepMs: 300 }, ...options })
      },
    )
    const ends = () => new Set(arrivals.filter(({ status }) => ranks[status] === 2).map(({ id }) => id)).size
    // With five attempts, one in 32 is given up for good.
    await until(() => taken.size >= 0.8 * count && ends() >= count, 60_000 + 200 * count)
    await pause(2000)
    receiver.closeAllConnections()
    receiver.close()
    const latest = new Map<string, number>()
    let late = 0
    for (const { id, status } of arrivals) {
      const rank = ranks[status] ?? -1
      if (rank < (latest.get(id) ?? 0)) late++
      latest.set(id, Math.max(rank, latest.get(id) ?? 0))
    }
    const ended = [...latest.values()].filter((rank) => rank === 2).length
    const ids = new Set(arrivals.map(({ webhookId }) => webhookId))
    return [
      { name: 'ends told', value: ended, atLeast: count },
      { name: 'events tried again', value: arrivals.length - ids.size, atLeast: 1 },
      { name: 'events that came after a later one', value: late, atMost: 0 },
    ]
  },
}
