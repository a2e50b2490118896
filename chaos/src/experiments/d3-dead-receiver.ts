import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Experiment } from '../experiment.js'
import { submitMany } from '../load.js'
import { quantile } from '../quantile.js'
import { inParallel } from '../rig/settle.js'
import { webhookDelays } from '../webhook-delays.js'

/** Takes connections and never says a word. */
async function listenSilently() {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    sockets.add(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/dead`,
    connections: () => sockets.size,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

export const deadReceiver: Experiment = {
  id: 'D3',
  title: 'One receiver is dead, and has more to be told than all others',
  counts: { short: 100, quick: 300, full: 10_000 },
  rig: () => ({
    workers: 1,
    serving: { maxSize: 16 },
    env: { AUGUR_WEBHOOK_RETRIES: '24h', AUGUR_WEBHOOK_CONCURRENCY: '16' },
  }),
  async run(rig, { count }) {
    rig.noteFault('dead', 'receiver', [])
    const dead = await listenSilently()
    const tenant = rig.tenant(0)
    const tellTheDead = async () => {
      const options = { hasWebhook: true, webhookUrl: dead.url, isUntold: true }
      await rig.client.submitOnce(tenant, rig.client.newInput(tenant, {}), options)
    }
    await inParallel(
      Array.from({ length: count }, (_, i) => i),
      tellTheDead,
    )
    await submitMany(rig, count / 2, () => ({}), { webhookEvery: 1 })
    const tried = dead.connections()
    dead.close()
    return [{ name: 'attempts at the dead one', value: tried, atLeast: 1 }]
  },
  criteria: (history) => [
    { name: 'others are told p99 after (ms)', value: quantile(webhookDelays(history), 0.99), atMost: 5000 },
  ],
}
