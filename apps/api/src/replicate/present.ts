import { isTerminal, type JsonText, type Prediction } from '@augur/core/predictions/prediction'
import { renderPrediction } from '@augur/core/predictions/render-prediction'
import type { Context } from 'hono'
import type { ApiContext } from '../context.js'
import { originOf } from '../origin-of.js'

/** Root of this dialect as the caller reaches it. */
export function baseUrlOf(context: ApiContext, c: Context): string {
  return `${context.publicUrl ?? originOf(c.req.url)}/api/v1`
}

/** The prediction as it is, as JSON text. Its queue position is looked up where it is not `known`. */
export async function presentPrediction(
  context: ApiContext,
  prediction: Prediction,
  baseUrl: string,
  known: number | null = null,
): Promise<JsonText> {
  const isAskedFor = prediction.status === 'starting' && known === null
  const [input, output, queuePosition] = await Promise.all([
    context.payloads.read(prediction.input),
    context.payloads.read(prediction.output),
    isAskedFor ? context.predictions.queuePosition(prediction) : known,
  ])
  return renderPrediction(prediction, { input, output, baseUrl, queuePosition })
}

/** A prediction whose caller waited in vain. Clients take any status but `starting` for the end of it. */
export async function presentUnfinished(
  context: ApiContext,
  prediction: Prediction,
  baseUrl: string,
): Promise<JsonText> {
  if (isTerminal(prediction.status)) return presentPrediction(context, prediction, baseUrl)
  const input = await context.payloads.read(prediction.input)
  const starting: Prediction = { ...prediction, status: 'starting', startedAt: null }
  return renderPrediction(starting, { input, output: null, baseUrl })
}

/** A page of things that are JSON text already. */
export function presentPage(results: readonly JsonText[], next: string | null): JsonText {
  return `{"next":${JSON.stringify(next)},"previous":null,"results":[${results.join(',')}]}`
}
