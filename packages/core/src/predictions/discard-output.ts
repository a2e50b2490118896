import type { Payloads } from '../payloads/payloads.js'
import type { Payload, Prediction } from './prediction.js'
import type { PredictionStore } from './prediction-store.js'

export interface DiscardContext {
  predictions: Pick<PredictionStore, 'read'>
  payloads: Pick<Payloads, 'delete'>
}

/** Removes an output that came too late to become its prediction's, where no record leads to it. */
export async function discardOutput(
  { predictions, payloads }: DiscardContext,
  { id }: Pick<Prediction, 'id'>,
  output: Payload | null,
): Promise<void> {
  if (output?.kind !== 'stored') return
  const prediction = await predictions.read(id)
  // The end that refused it may have been its own, sent twice.
  const isKept = prediction?.output?.kind === 'stored' && prediction.output.key === output.key
  if (!isKept) await payloads.delete(output.key)
}
