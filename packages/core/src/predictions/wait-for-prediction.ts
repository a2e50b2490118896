import { isRedisUnavailable } from '../redis/connection.js'
import { isPredictionId, type PredictionId } from '../ids.js'
import type { EndedSubscriptions } from './ended-subscriptions.js'
import { isTerminal, type Prediction } from './prediction.js'

export interface WaitContext {
  subscriptions: EndedSubscriptions
  read(id: PredictionId): Promise<Prediction>
}

const lookAgainMs = 250

/**
 * Waits until the prediction ends, the time is up or `signal` says stop, and returns it as it then is.
 * Subscribes first and reads second: an end between the two is seen by the read, one after it by the subscription. Whoever
 * waits already goes on waiting when Redis goes away, and learns at last what was read before that.
 */
export async function waitForPrediction(
  context: WaitContext,
  id: PredictionId,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
): Promise<Prediction> {
  // What is no id must not become the name of a channel; reading it refuses it.
  if (!isPredictionId(id)) return context.read(id)
  let stopped = signal.aborted
  let wake = () => {}
  const stop = () => {
    stopped = true
    wake()
  }
  // A timer of its own: AbortSignal.timeout cannot be cleared, and would pile up under load.
  const timer = setTimeout(stop, waitMs)
  signal.addEventListener('abort', stop)
  let unsubscribe = () => {}
  try {
    let told: Prediction | null = null
    unsubscribe = await context.subscriptions.subscribe(id, (ended) => {
      told = ended
      wake()
    })
    let latest: Prediction | null = null
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      // Only who could read it once may be told of it.
      const read: Prediction | null =
        latest !== null && told !== null ? told : await readIfThere(context, id, latest !== null)
      latest = read ?? latest
      if (latest !== null && (isTerminal(latest.status) || stopped)) return latest
      if (read === null) setTimeout(wake, lookAgainMs).unref()
      await woken
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    unsubscribe()
  }
}

/** Null when Redis cannot be asked now, for those who may wait for it. */
async function readIfThere(
  context: WaitContext,
  id: PredictionId,
  mayWait: boolean,
): Promise<Prediction | null> {
  try {
    return await context.read(id)
  } catch (error) {
    if (mayWait && isRedisUnavailable(error)) return null
    throw error
  }
}
