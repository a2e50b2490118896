import { ServiceError } from '../errors.js'
import type { PredictionId } from '../ids.js'
import type { OpenPredictions } from './open-predictions.js'

interface ReserveContext {
  tenant: string
  openPredictions: Pick<OpenPredictions, 'add'>
  maxOpenPredictions: number
}

/**
 * Takes a place among the tenant's open predictions. One that is then never created gives it back by the recount.
 * @throws ServiceError `quota_exceeded`
 */
export async function reservePrediction(context: ReserveContext, id: PredictionId): Promise<void> {
  const { tenant, maxOpenPredictions: most } = context
  if (await context.openPredictions.add({ tenant, id }, most)) return
  const detail = `As many predictions of yours as may wait and run at a time (${most}) have not ended yet.`
  throw new ServiceError('quota_exceeded', detail, { retryAfterSeconds: 1 })
}
