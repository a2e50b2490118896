import type { Socket } from 'node:net'
import type { Experiment } from '../experiment.js'
import { inParallel } from '../rig/settle.js'
import { until } from '../rig/until.js'

const deadlineMs = 15_000
const manners = ['silent', 'headers', 'body', 'flood'] as const

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
  counts: { short: 4, quick: 8, full: 40 },
  rig: () => ({ workers: 1, env: { AUGUR_WEBHOOK_RETRIES: '24h', AUGUR_WEBHOOK_PAUSE_SECONDS: '0' } }),
  async run(rig, { count }) {
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
    for (let i = 0; i < count; i++) rig.noteFault('slow', 'receiver', [])
    await inParallel(
      Array.from({ length: count }, (_, i) => i),
      async (i) => {
        const webhookQuery = `?answer=${manners[i % manners.length]}`
        await rig.client.submit(rig.tenant(i), { input: {}, hasWebhook: true, webhookQuery })
      },
    )
    await until(() => lives.length >= count, 8 * deadlineMs, 200)
    return [
      { name: 'attempts that ended', value: lives.length, atLeast: count },
      { name: 'longest attempt (ms)', value: Math.max(...lives), atMost: deadlineMs + 2000 },
      // What the kernel holds on both sides comes on top of what is read.
      { name: 'most of a flood that was taken (bytes)', value: floodBytes, atMost: 8 * 1024 * 1024 },
    ]
  },
}
