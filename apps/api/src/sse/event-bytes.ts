import { encodeEvent, type ServerSentEvent } from './encode-event.js'

/** A comment, which readers skip: it keeps whoever is between from taking the connection for dead. */
const heartbeat = new TextEncoder().encode(': keep-alive\n\n')
/** Small enough that a reader on a slow line is seen to get on. */
const pieceBytes = 64 * 1024

/** The bytes of an event stream in pieces, with a heartbeat after each `heartbeatMs` in which nothing happened. */
export async function* eventBytes(
  events: AsyncIterable<ServerSentEvent>,
  heartbeatMs: number,
): AsyncGenerator<Uint8Array, void> {
  const iterator = events[Symbol.asyncIterator]()
  let next = iterator.next()
  try {
    for (;;) {
      const result = await within(heartbeatMs, next)
      if (result === 'late') yield heartbeat
      else if (result.done === true) return
      else {
        yield* piecesOf(encodeEvent(result.value))
        next = iterator.next()
      }
    }
  } finally {
    // Not awaited: one that waits ends with its signal.
    iterator.return?.().catch(() => {})
  }
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

/** What the promise gives, or `late` when the time is up before. */
async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, 'late')
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
