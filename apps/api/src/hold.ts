import { getPrediction } from '@augur/core/predictions/get-prediction'
import { isTerminal, type Prediction } from '@augur/core/predictions/prediction'
import { waitForPrediction } from '@augur/core/predictions/wait-for-prediction'
import { isRedisUnavailable } from '@augur/core/redis/connection'
import type { Context } from 'hono'
import type { ApiEnv } from './api-app.js'
import type { CallerContext } from './as-caller.js'

/**
 * Holds the request until the prediction ends, or for `seconds` from when the request came, and returns what it is
 * then. The client that leaves is waited for no longer.
 */
export async function holdUntilEnd(
  context: CallerContext,
  c: Context<ApiEnv>,
  id: string,
  seconds: number,
): Promise<Prediction> {
  const waitMs = Math.max(0, seconds * 1000 - (performance.now() - c.get('startedAt')))
  const waitContext = {
    subscriptions: context.subscriptions,
    read: (wanted: string) => getPrediction(context, wanted),
  }
  return context.waiting.hold(context.tenant, c.req.raw.signal, (signal) =>
    waitForPrediction(waitContext, id, { waitMs, signal }),
  )
}

/** The same for a prediction that this request created: whatever happens meanwhile, its caller must learn its id. */
export async function holdCreated(
  context: CallerContext,
  c: Context<ApiEnv>,
  created: Prediction,
  seconds: number,
): Promise<Prediction> {
  if (isTerminal(created.status)) return created
  try {
    return await holdUntilEnd(context, c, created.id, seconds)
  } catch (error) {
    if (isRedisUnavailable(error)) return created
    throw error
  }
}
