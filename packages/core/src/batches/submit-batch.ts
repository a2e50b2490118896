import { type AdmissionContext, admitPrediction } from '../predictions/admit-prediction.js'
import { checkWebhookUrl } from '../predictions/submit-prediction.js'
import type { OutboundPolicy } from '../outbound/check-url.js'
import { type CreateBatchContext, type CreatedBatch, createBatch, type NewBatch } from './create-batch.js'

export interface SubmitBatchContext extends CreateBatchContext, AdmissionContext {
  outbound: OutboundPolicy
}

/**
 * Checks what a batch says of itself before its first line is read, and creates it.
 * @throws ServiceError
 */
export async function submitBatch(context: SubmitBatchContext, wanted: NewBatch): Promise<CreatedBatch> {
  admitPrediction(context, wanted.version, false)
  if (wanted.webhook !== null) checkWebhookUrl(context.outbound, wanted.webhook)
  return createBatch(context, wanted)
}
