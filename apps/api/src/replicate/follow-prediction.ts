import { setTimeout as pause } from 'node:timers/promises'
import { ServiceError } from '@augur/core/errors'
import { isIterator } from '@augur/core/models/input-schema'
import { explainWaiting } from '@augur/core/predictions/explain-waiting'
import { getPrediction } from '@augur/core/predictions/get-prediction'
import { isTerminal, type Prediction } from '@augur/core/predictions/prediction'
import { isRedisUnavailable } from '@augur/core/redis/connection'
import type { CallerContext } from '../as-caller.js'
import type { ServerSentEvent } from '../sse/encode-event.js'
import { endedEvents, eventsAfter, type PredictionEvent } from './ended-events.js'

export interface FollowOptions {
  /** What the reader has seen already. */
  lastEventId: string | undefined
  /** Whether to tell of its way to the end as well. */
  withStatus: boolean
  signal: AbortSignal
}

/** News of the end may be lost with a connection to Redis; after that long it is looked for. */
const lookAgainMs = 15_000
const statusEveryMs = 1000
const redisPauseMs = 1000
/** Longest that a stream waits until others have told their outputs. */
const roomWaitMs = 30_000

/**
 * Whether anything is left to be told of a prediction that has ended.
 * @throws ServiceError `overloaded` when too much is being told to others
 */
export async function hasUntold(
  context: CallerContext,
  prediction: Prediction,
  lastEventId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const release = await takeRoom(context, prediction, signal)
  if (release === null) {
    const detail = 'Too many large outputs are being streamed.'
    throw new ServiceError('overloaded', detail, { retryAfterSeconds: 1 })
  }
  try {
    return eventsAfter(await eventsOf(context, prediction), lastEventId).length > 0
  } finally {
    release()
  }
}

/** The events of a prediction as they happen, until it has ended and all of them are told. */
export async function* followPrediction(
  context: CallerContext,
  found: Prediction,
  { lastEventId, withStatus, signal }: FollowOptions,
): AsyncGenerator<ServerSentEvent, void> {
  let ended: Prediction | null | undefined = found
  if (!isTerminal(found.status)) {
    yield* untilEnded(context, found, withStatus, signal)
    ended = await patiently(signal, () => readOrNull(context, found.id))
  }
  if (ended === null) yield interrupted('The prediction was deleted.')
  else if (ended && isTerminal(ended.status)) yield* tell(context, ended, lastEventId, signal)
  else yield interrupted('The server is stopping; connect again.')
}

/** Ends when the prediction has, when there is none any more, or with the signal. Tells its status where that is wanted. */
async function* untilEnded(
  context: CallerContext,
  { id }: Prediction,
  withStatus: boolean,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent, void> {
  const bell = new Bell()
  const unsubscribe = await patiently(signal, () => context.subscriptions.subscribe(id, () => bell.ring()))
  let told = ''
  try {
    while (!signal.aborted) {
      // What rings from here on may be news to the read that is next.
      bell.clear()
      const [outline] = (await patiently(signal, () => context.predictions.readOutlines([id]))) ?? []
      if (!outline || isTerminal(outline.status)) return
      const status = withStatus ? await statusOf(context, outline) : told
      if (status !== told) yield { event: 'status', data: status }
      told = status
      await bell.next(withStatus ? statusEveryMs : lookAgainMs, signal)
    }
  } finally {
    unsubscribe?.()
  }
}

/** Everything that is told of a prediction after its end, within the room that there is for outputs. */
async function* tell(
  context: CallerContext,
  prediction: Prediction,
  lastEventId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent, void> {
  const release = await takeRoom(context, prediction, signal)
  if (release === null) {
    yield interrupted('Too many large outputs are being streamed; connect again.')
    return
  }
  try {
    yield* eventsAfter(await eventsOf(context, prediction), lastEventId)
  } finally {
    release()
  }
}

/** Only large outputs need any. */
async function takeRoom(
  { payloads, streamBytes }: CallerContext,
  { output }: Prediction,
  signal: AbortSignal,
): Promise<(() => void) | null> {
  if (output?.kind !== 'stored') return () => {}
  return streamBytes.take(await payloads.sizeBytes(output), { waitMs: roomWaitMs, signal })
}

/** All events of a prediction that has ended. */
async function eventsOf(context: CallerContext, prediction: Prediction): Promise<PredictionEvent[]> {
  const output = await context.payloads.read(prediction.output)
  const version = context.catalogue.current?.version(prediction.version)
  return endedEvents({ prediction, output, isIterator: version ? isIterator(version.manifest) : false })
}

async function readOrNull(context: CallerContext, id: string): Promise<Prediction | null> {
  try {
    return await getPrediction(context, id)
  } catch (error) {
    if (error instanceof ServiceError) return null
    throw error
  }
}

async function statusOf(context: CallerContext, prediction: Prediction): Promise<string> {
  const { status } = prediction
  if (status !== 'starting') return JSON.stringify({ status })
  try {
    const { queuePosition, reason } = await explainWaiting(context, prediction)
    return JSON.stringify({ status, queue_position: queuePosition, waiting_reason: reason })
  } catch (error) {
    if (isRedisUnavailable(error)) return JSON.stringify({ status })
    throw error
  }
}

/** Asks until Redis is there, which a stream outlives; undefined when the signal is aborted before. */
async function patiently<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T | undefined> {
  while (!signal.aborted) {
    try {
      return await ask()
    } catch (error) {
      if (!isRedisUnavailable(error)) throw error
      await pause(redisPauseMs, undefined, { signal }).catch(() => {})
    }
  }
  return undefined
}

/** Wakes one who waits, also when it rang shortly before. */
class Bell {
  private hasRung = false
  private wake = () => {}

  ring(): void {
    this.hasRung = true
    this.wake()
  }

  clear(): void {
    this.hasRung = false
  }

  /** Resolves when it rings, after `waitMs`, or with the signal. */
  async next(waitMs: number, signal: AbortSignal): Promise<void> {
    if (this.hasRung || signal.aborted) return
    let timer: NodeJS.Timeout | undefined
    let stop = () => {}
    await new Promise<void>((resolve) => {
      stop = resolve
      this.wake = resolve
      timer = setTimeout(resolve, waitMs)
      signal.addEventListener('abort', stop)
    })
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

/** An error that is no end: its id is none of the stream's, so who comes back with it gets everything. */
function interrupted(text: string): ServerSentEvent {
  return { event: 'error', id: '0:0', data: JSON.stringify({ detail: text }) }
}
