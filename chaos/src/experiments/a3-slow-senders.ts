import { connect, type Socket } from 'node:net'
import type { Experiment } from '../experiment.js'
import { quantile } from '../quantile.js'
import { pause } from '../rig/until.js'

/** How long the server lets a socket stand that sends its bytes one by one, in milliseconds. */
async function lifetime(port: number, head: string, everyMs: number): Promise<number> {
  const socket: Socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  const startedAt = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    if (socket.writable && sent < head.length) socket.write(head.charAt(sent++))
  }, everyMs)
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(timer)
  return performance.now() - startedAt
}

export const slowSenders: Experiment = {
  id: 'A3',
  title: 'Clients send their headers a byte at a time, or nothing at all',
  isAlone: true,
  counts: { short: 50, quick: 400, full: 2000 },
  rig: () => ({ apis: 1, workers: 1 }),
  async run(rig, { count }) {
    const port = Number(new URL(rig.origins[0] ?? '').port)
    const tenant = rig.tenant(0)
    const honest = async () => {
      const times: number[] = []
      for (let i = 0; i < 150; i++) {
        times.push((await rig.client.submitOnce(tenant, rig.client.newInput(tenant, {}))).answer.durationMs)
        await pause(20)
      }
      return quantile(times, 0.99)
    }
    const before = await honest()
    rig.noteFault('slow senders', 'api-1', [])
    const head = `GET /livez HTTP/1.1\r\nHost: ${'x'.repeat(200)}`
    const lives = Promise.all(
      Array.from({ length: count }, (_, i) => lifetime(port, i % 2 === 0 ? head : '', 500)),
    )
    const during = await honest()
    return [
      { name: 'longest life of a slow socket (ms)', value: Math.max(...(await lives)), atMost: 10_000 },
      { name: 'honest p99 before (ms)', value: before },
      { name: 'honest p99 beside them (ms)', value: during, atMost: Math.max(100, 2 * before) },
    ]
  },
}
