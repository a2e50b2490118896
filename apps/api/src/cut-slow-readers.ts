import type { IncomingMessage, Server } from 'node:http'

type Socket = IncomingMessage['socket']

const lookEveryMs = 5000
/** A reader has this long to take the least that is asked of it. */
const patienceMs = 60_000
const leastBytes = 60 * 1024

interface Look {
  /** When its bytes began to wait, in milliseconds by `performance.now()`. */
  since: number
  takenThen: number
}

/**
 * Ends connections whose clients take their answers so slowly that they keep them in memory: below 1 KiB a second over a
 * minute. Looks at all connections now and then, so that answers which are taken at once cost nothing.
 */
export function cutSlowReaders(server: Server, times = { lookEveryMs, patienceMs, leastBytes }): void {
  const looks = new Map<Socket, Look>()
  server.on('connection', (socket: Socket) => {
    looks.set(socket, { since: 0, takenThen: -1 })
    socket.once('close', () => looks.delete(socket))
  })
  const timer = setInterval(() => {
    for (const [socket, look] of looks) judge(socket, look, times)
  }, times.lookEveryMs)
  timer.unref()
  server.once('close', () => clearInterval(timer))
}

function judge(socket: Socket, look: Look, times: { patienceMs: number; leastBytes: number }): void {
  const taken = socket.bytesWritten - socket.writableLength
  const isReading = look.takenThen === -1 || taken - look.takenThen >= times.leastBytes
  if (socket.writableLength === 0) look.takenThen = -1
  else if (isReading) Object.assign(look, { since: performance.now(), takenThen: taken })
  else if (performance.now() - look.since > times.patienceMs) socket.destroy()
}
