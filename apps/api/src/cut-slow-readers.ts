import type { IncomingMessage, Server } from 'node:http'

type Socket = IncomingMessage['socket']

const defaults = {
  lookEveryMs: 500,
  /** A reader has this long to take the least that is asked of it. */
  patienceMs: 60_000,
  leastBytes: 60 * 1024,
  /** Where more than this waits for all readers together, none may stand still for so few looks. */
  mostWaitingBytes: 64 * 1024 * 1024,
  pressedLooks: 2,
}
type Limits = typeof defaults

interface Look {
  /** When its bytes began to wait, in milliseconds by `performance.now()`. */
  since: number
  takenThen: number
  /** How often it was looked at since without having taken enough. A process that was busy itself looked once. */
  idleLooks: number
}

/**
 * Ends connections whose clients take their answers so slowly that they keep them in memory: below 1 KiB a second over a
 * minute, or below 60 KiB in a second where all that waits is much. Looks at all connections now and then, so that answers
 * which are taken at once cost nothing.
 */
export function cutSlowReaders(server: Server, limits: Limits = defaults): void {
  const looks = new Map<Socket, Look>()
  server.on('connection', (socket: Socket) => {
    looks.set(socket, { since: 0, takenThen: -1, idleLooks: 0 })
    socket.once('close', () => looks.delete(socket))
  })
  const timer = setInterval(() => {
    let waitingBytes = 0
    for (const [socket, look] of looks) waitingBytes += judge(socket, look, limits)
    if (waitingBytes > limits.mostWaitingBytes) relieve(looks, waitingBytes, limits)
  }, limits.lookEveryMs)
  timer.unref()
  server.once('close', () => clearInterval(timer))
}

/** Gives how many bytes wait for it still. */
function judge(socket: Socket, look: Look, { patienceMs, leastBytes, pressedLooks }: Limits): number {
  const { takenBytes, waitingBytes } = progressOf(socket)
  const isReading = look.takenThen === -1 || takenBytes - look.takenThen >= leastBytes
  if (waitingBytes === 0) look.takenThen = -1
  else if (isReading) Object.assign(look, { since: performance.now(), takenThen: takenBytes, idleLooks: 0 })
  else if (++look.idleLooks >= pressedLooks && performance.now() - look.since > patienceMs) {
    socket.destroy()
    return 0
  }
  return waitingBytes
}

/** What no public property tells: how much of a piece under way has left, and how long the whole answer is. */
function progressOf(socket: Socket): { takenBytes: number; waitingBytes: number } {
  const handle = innerOf(socket, '_handle')
  if (handle === null || socket.writableLength === 0) return { takenBytes: 0, waitingBytes: 0 }
  const takenBytes = numberOf(handle, 'bytesWritten') - numberOf(handle, 'writeQueueSize')
  // An answer that has a length is held in memory until the last of it has left, also where it is written in chunks.
  const answer = innerOf(socket, '_httpMessage')
  const answerBytes = answer === null ? 0 : numberOf(answer, '_contentLength')
  return { takenBytes, waitingBytes: Math.max(socket.writableLength, answerBytes) }
}

function innerOf(owner: object, name: string): object | null {
  const inner: unknown = Reflect.get(owner, name)
  return typeof inner === 'object' ? inner : null
}

const numberOf = (owner: object, name: string) => Number(Reflect.get(owner, name) ?? 0)

/** Ends those that have taken least for longest, until what waits is little enough. */
function relieve(looks: ReadonlyMap<Socket, Look>, waitingBytes: number, limits: Limits): void {
  const { pressedLooks } = limits
  const slow = [...looks].filter(
    ([, { takenThen, idleLooks }]) => takenThen !== -1 && idleLooks >= pressedLooks,
  )
  let left = waitingBytes
  for (const [socket] of slow.toSorted(([, a], [, b]) => a.since - b.since)) {
    if (left <= limits.mostWaitingBytes) return
    left -= progressOf(socket).waitingBytes
    socket.destroy()
  }
}
