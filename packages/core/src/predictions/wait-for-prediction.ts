import { isPredictionId, type PredictionId } from '../ids.js'
import type { EndedSubscriptions } from './ended-subscriptions.js'
import { isTerminal, type Prediction } from './prediction.js'

export interface WaitContext {
  subscriptions: EndedSubscriptions
  read(id: PredictionId): Promise<Prediction>
}

/**
 * Waits until the prediction ends, the time is up or `signal` says stop, and returns it as it then is.
 * Subscribes first and reads second: an end between the two is seen by the read, one after it by the subscription.
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
    unsubscribe = await context.subscriptions.subscribe(id, () => wake())
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const prediction = await context.read(id)
      if (isTerminal(prediction.status) || stopped) return prediction
      await woken
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    unsubscribe()
  }
}
