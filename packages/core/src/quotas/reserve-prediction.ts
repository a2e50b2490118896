import { ServiceError } from '../errors.js'
import type { PredictionIndex } from '../predictions/prediction-index.js'
import type { OpenLimits, OpenPredictions, Owned } from './open-predictions.js'

export interface ReserveContext {
  index: Pick<PredictionIndex, 'note'>
  openPredictions: Pick<OpenPredictions, 'reserve'>
  /** How many predictions of one tenant may wait or run; 0: any number. */
  maxOpenPredictions: number
  /** How many of the caller's key; 0: any number. Left out where the caller has no key. */
  maxOpenOfKey?: number
}

function refuse(who: 'tenant' | 'key', most: number): never {
  const detail = `As many predictions of this ${who} as may wait and run at a time (${most}) have not ended yet.`
  const quota = { name: `open-predictions-of-${who}`, most }
  throw new ServiceError('quota_exceeded', detail, { retryAfterSeconds: 1, quota })
}

/**
 * Takes a place among the open predictions of the tenant and of the key, where there is a limit. One that is then never
 * created gives it back by the recount.
 * @throws ServiceError `quota_exceeded`
 */
export async function reservePrediction(context: ReserveContext, prediction: Owned): Promise<void> {
  const { maxOpenPredictions: ofTenant, maxOpenOfKey: ofKey = 0 } = context
  const limits: OpenLimits = { ofTenant, ofKey }
  if (ofTenant === 0 && ofKey === 0) return
  // First, so that the recount finds what is reserved.
  await context.index.note(prediction.tenant)
  const outcome = await context.openPredictions.reserve(prediction, limits)
  if (outcome === 'tenant_full') refuse('tenant', ofTenant)
  if (outcome === 'key_full') refuse('key', ofKey)
}
