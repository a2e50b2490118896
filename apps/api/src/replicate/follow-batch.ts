import { setTimeout as pause } from 'node:timers/promises'
import { type Batch, isEnded } from '@augur/core/batches/batch'
import { getBatch } from '@augur/core/batches/get-batch'
import { renderBatch } from '@augur/core/batches/render-batch'
import { ServiceError } from '@augur/core/errors'
import { isRedisUnavailable } from '@augur/core/redis/connection'
import type { CallerContext } from '../as-caller.js'
import type { ServerSentEvent } from '../sse/encode-event.js'

/** Readers are told of no more than a few changes a second. */
const leastPauseMs = 250
/** News may be lost with a connection to Redis; after that long it is looked for. */
const lookAgainMs = 5000

/**
 * What a batch comes to: `progress` whenever its counts or its status change, and `done` with the whole batch when it
 * has ended. Ids are derived from the record, so that they are the same from every process.
 */
export async function* followBatch(
  context: CallerContext,
  id: string,
  baseUrl: string,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent, void> {
  let told = ''
  const news = await listen(context, id, signal)
  try {
    while (!signal.aborted) {
      const batch = await readPatiently(context, id)
      if (batch && isEnded(batch.status)) {
        const data = renderBatch(batch, { baseUrl, tickets: context.tickets })
        yield { event: 'done', id: eventId(batch), data }
        break
      }
      if (batch && eventId(batch) !== told) {
        told = eventId(batch)
        yield { event: 'progress', id: told, data: progressOf(batch) }
      }
      await pause(leastPauseMs, undefined, { signal }).catch(() => {})
      await news.next()
    }
  } finally {
    news.stop()
  }
}

const eventId = ({ status, completed, failed }: Batch) => `${completed + failed}:${status}`

function progressOf({ status, total, completed, failed }: Batch): string {
  return JSON.stringify({ status, request_counts: { total, completed, failed } })
}

/** Null while Redis is away: a stream outlives that. */
async function readPatiently(context: CallerContext, id: string): Promise<Batch | null> {
  try {
    return await getBatch(context, id)
  } catch (error) {
    if (error instanceof ServiceError || !isRedisUnavailable(error)) throw error
    return null
  }
}

/** Subscribes before the first read; `next` resolves when something has happened since the last call, or after a while. */
async function listen({ subscriptions }: CallerContext, id: string, signal: AbortSignal) {
  let hasNews = false
  let wake = () => {}
  const ring = () => {
    hasNews = true
    wake()
  }
  signal.addEventListener('abort', ring)
  const unsubscribe = await subscriptions.subscribe(id, ring)
  return {
    async next(): Promise<void> {
      let timer: NodeJS.Timeout | undefined
      const rung = new Promise<void>((resolve) => {
        wake = resolve
        timer = setTimeout(resolve, lookAgainMs)
      })
      if (!hasNews && !signal.aborted) await rung
      clearTimeout(timer)
      hasNews = false
    },
    stop() {
      signal.removeEventListener('abort', ring)
      unsubscribe()
    },
  }
}
