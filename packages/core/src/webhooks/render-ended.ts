import type { BatchStore } from '../batches/batch-store.js'
import { isEnded } from '../batches/batch.js'
import { renderBatch } from '../batches/render-batch.js'
import { isTerminal, type JsonText } from '../predictions/prediction.js'
import type { PredictionStore } from '../predictions/prediction-store.js'
import { presentOutput } from '../predictions/present-output.js'
import { renderPrediction } from '../predictions/render-prediction.js'
import type { EndingDeliveriesContext } from './ending-deliveries.js'

export interface RenderEndedContext extends EndingDeliveriesContext {
  predictions: Pick<PredictionStore, 'read'>
  batches: Pick<BatchStore, 'read'>
}

/** The body of `completed` as its prediction or batch is now: for one that was delivered, and is to be once more. */
export async function renderEnded(context: RenderEndedContext, id: string): Promise<JsonText | null> {
  const { payloads, tickets, publicBaseUrl: baseUrl } = context
  const prediction = await context.predictions.read(id)
  if (prediction === null) {
    const batch = await context.batches.read(id)
    return batch !== null && isEnded(batch.status) ? renderBatch(batch, { baseUrl, tickets }) : null
  }
  if (!isTerminal(prediction.status)) return null
  const [input, output] = await Promise.all([
    payloads.read(prediction.input),
    presentOutput(context, prediction, prediction.output, baseUrl),
  ])
  return renderPrediction(prediction, { input, output, baseUrl, tickets })
}
