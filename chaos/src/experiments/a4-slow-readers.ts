import { connect, type Socket } from 'node:net'
import type { Experiment } from '../experiment.js'
import { readResources } from '../rig/resources.js'
import type { Rig } from '../rig/rig.js'
import { pause, until } from '../rig/until.js'

const paddingBytes = 5_000_000
const patienceMs = 60_000
const mostMemoryMb = 100
/** Descriptors that come and go by themselves. */
const spare = 4

/** Asks for something large and takes nothing of the answer. */
function askAndSleep(rig: Rig, path: string): Socket {
  const origin = new URL(rig.origins[0] ?? '')
  const socket = connect(Number(origin.port), origin.hostname)
  socket.on('error', () => undefined)
  socket.pause()
  const head = `Host: ${origin.host}\r\nAuthorization: Bearer ${rig.tenant(0).key}\r\nConnection: close`
  socket.write(`GET ${path} HTTP/1.1\r\n${head}\r\n\r\n`)
  return socket
}

const held = (rig: Rig) => readResources(rig.apis[0]?.pid ?? 0)

export const slowReaders: Experiment = {
  id: 'A4',
  title: 'Clients ask for large answers and do not take them',
  counts: { short: 5, quick: 40, full: 200 },
  rig: () => ({ apis: 1, workers: 1 }),
  async run(rig, { count }) {
    const tenant = rig.tenant(0)
    const id = await rig.client.submit(tenant, { input: { padding: 'x'.repeat(paddingBytes) } })
    const path = `/api/v1/predictions/${id}`
    // What one large answer takes is no matter of those who do not take it.
    for (let i = 0; i < 3; i++) await rig.client.ask(tenant, 'GET', path)
    await rig.client.hangUp()
    await pause(500)
    const before = held(rig)
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, held(rig)?.rssBytes ?? 0)), 100)
    rig.noteFault('slow readers', 'api-1', [])
    const startedAt = performance.now()
    const sockets = Array.from({ length: count }, () => askAndSleep(rig, path))
    const kept = () => (held(rig)?.descriptors ?? 0) - (before?.descriptors ?? 0)
    const areServed = await until(() => kept() >= count, 20_000)
    await until(() => kept() <= spare, patienceMs + 40_000, 250)
    const goneMs = performance.now() - startedAt
    clearInterval(watch)
    for (const socket of sockets) socket.destroy()
    return [
      { name: 'all of them connected (1: yes)', value: areServed ? 1 : 0, atLeast: 1 },
      { name: 'all connections gone after (ms)', value: goneMs, atMost: patienceMs + 30_000 },
      {
        name: 'most memory beyond that of before (MiB)',
        value: (most - (before?.rssBytes ?? 0)) / 1024 ** 2,
        atMost: mostMemoryMb,
      },
    ]
  },
}
