import type { Socket } from 'node:net'
import type { Experiment } from '../experiment.js'
import { readResources } from '../rig/resources.js'
import { inParallel } from '../rig/settle.js'
import { until } from '../rig/until.js'

const deadlineMs = 15_000
const mostMemoryMb = 64
const manners = ['silent', 'headers', 'body', 'flood'] as const
/** As many of one tenant as a receiver is sent at a time before it has answered anything. */
const perAddress = 4

/** Sends a byte of this now and then, for as long as the other side listens. */
function drip(socket: Socket, start: string): void {
  socket.write(start)
  const timer = setInterval(() => socket.writable && socket.write('x'), 300)
  socket.on('close', () => clearInterval(timer))
}

function flood(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n')
  const block = Buffer.alloc(65_536, 'x')
  const more = () => {
    while (socket.writable && socket.write(block));
  }
  socket.on('drain', more)
  more()
}

export const slowReceivers: Experiment = {
  id: 'D2',
  title: 'Receivers say nothing, drip, or answer without an end',
  counts: { short: 4, quick: 8, full: 200 },
  rig: ({ count }) => ({
    workers: 1,
    env: {
      AUGUR_WEBHOOK_RETRIES: '24h',
      AUGUR_WEBHOOK_PAUSE_SECONDS: '0',
      // Those that never answered share half of it.
      AUGUR_WEBHOOK_CONCURRENCY: String(2 * count),
    },
  }),
  async run(rig, { count }) {
    const memory = () => readResources(rig.deliverers[0]?.pid ?? 0)?.rssBytes ?? 0
    const lives: number[] = []
    let floodBytes = 0
    rig.receiver.manner = (_response, request) => {
      const manner = new URL(request.url ?? '', 'http://receiver').searchParams.get('answer')
      const { socket } = request
      const startedAt = performance.now()
      socket.on('error', () => undefined)
      socket.on('close', () => {
        lives.push(performance.now() - startedAt)
        if (manner === 'flood') floodBytes = Math.max(floodBytes, socket.bytesWritten - socket.writableLength)
      })
      if (manner === 'headers') drip(socket, 'HTTP/1.1 200 OK\r\nx: ')
      else if (manner === 'body') drip(socket, 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
      else if (manner === 'flood') flood(socket)
    }
    const origins = await rig.receiver.listenAtMore(Math.ceil(count / perAddress / rig.tenants.length))
    const before = memory()
    let most = before
    const watch = setInterval(() => (most = Math.max(most, memory())), 100)
    for (let i = 0; i < count; i++) rig.noteFault('slow', 'receiver', [])
    await inParallel(
      Array.from({ length: count }, (_, i) => i),
      async (i) => {
        const tenant = rig.tenant(i)
        const origin = origins[Math.floor(i / rig.tenants.length) % origins.length]
        const webhookUrl = `${origin}/${tenant.name}?answer=${manners[i % manners.length]}`
        await rig.client.submit(tenant, { input: {}, hasWebhook: true, webhookUrl })
      },
    )
    await until(() => lives.length >= count, 8 * deadlineMs, 200)
    clearInterval(watch)
    return [
      { name: 'attempts that ended', value: lives.length, atLeast: count },
      { name: 'longest attempt (ms)', value: Math.max(...lives), atMost: deadlineMs + 2000 },
      // What the kernel holds on both sides comes on top of what is read.
      { name: 'most of a flood that was taken (bytes)', value: floodBytes, atMost: 8 * 1024 * 1024 },
      {
        name: 'memory beyond that of before (MiB)',
        value: (most - before) / 1024 ** 2,
        atMost: mostMemoryMb,
      },
    ]
  },
}
