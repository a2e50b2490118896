import type { ServerSentEvent } from './encode-event.js'
import { eventBytes } from './event-bytes.js'

export interface EventBodyOptions {
  /** Longest that nothing is sent. */
  heartbeatMs: number
  /** Longest that a reader may leave lying what is there for it. */
  stallMs: number
  onStall(): void
  /** Called once, however the body ends. */
  onEnd(): void
  /** What the reader is told last when the events fail. */
  onError(error: unknown): ServerSentEvent
}

/**
 * The body of an event stream. Made as it is read: the next event is asked for when the reader took the one before,
 * so that a slow reader holds one event in memory and no more.
 */
export function eventBody(
  events: AsyncIterable<ServerSentEvent>,
  options: EventBodyOptions,
): ReadableStream<Uint8Array> {
  const bytes = eventBytes(withLastWords(events, options.onError), options.heartbeatMs)
  let isOver = false
  let isCanceled = false
  let stall = awaitReader()
  function awaitReader() {
    return setTimeout(stalled, options.stallMs).unref()
  }
  function end() {
    clearTimeout(stall)
    if (isOver) return
    isOver = true
    options.onEnd()
    bytes.return().catch(() => {})
  }
  function stalled() {
    end()
    options.onStall()
  }

  return new ReadableStream(
    {
      async pull(controller) {
        clearTimeout(stall)
        const { done, value } = await bytes.next()
        if (isCanceled) return
        if (done === true || isOver) {
          end()
          return controller.close()
        }
        controller.enqueue(value)
        stall = awaitReader()
      },
      cancel() {
        isCanceled = true
        end()
      },
    },
    { highWaterMark: 0 },
  )
}

async function* withLastWords(
  events: AsyncIterable<ServerSentEvent>,
  onError: EventBodyOptions['onError'],
): AsyncGenerator<ServerSentEvent, void> {
  try {
    yield* events
  } catch (error) {
    yield onError(error)
  }
}
