import { explainWaiting } from '@augur/core/predictions/explain-waiting'
import type { JsonText, Prediction } from '@augur/core/predictions/prediction'
import { outputUrl, presentOutput } from '@augur/core/predictions/present-output'
import { renderPieces, renderPrediction } from '@augur/core/predictions/render-prediction'
import { isRedisUnavailable } from '@augur/core/redis/connection'
import type { Context } from 'hono'
import type { ApiContext } from '../context.js'
import { type JsonPiece, pieceOf } from '../json-pieces.js'
import { originOf } from '../origin-of.js'

/** Root of this dialect as the caller reaches it. */
export function baseUrlOf(context: ApiContext, c: Context): string {
  return `${context.publicUrl ?? originOf(c.req.url)}/api/v1`
}

/** What need not be looked up. */
export interface Known {
  input?: JsonText | undefined
  /** Its place in the queue. */
  queuePosition?: number | null
}

/** The prediction as it is, as JSON text. */
export async function presentPrediction(
  context: ApiContext,
  prediction: Prediction,
  baseUrl: string,
  known: Known = {},
): Promise<JsonText> {
  const [input, output, waiting] = await Promise.all([
    readInput(context, prediction, known),
    presentOutput(context, prediction, prediction.output, baseUrl),
    waitingOf(context, prediction, known),
  ])
  const { tickets } = context
  return renderPrediction(prediction, { input, output, baseUrl, tickets, ...(waiting && { waiting }) })
}

/** The same in pieces, of which those that are stored are read later. */
export async function presentPieces(
  context: ApiContext,
  prediction: Prediction,
  baseUrl: string,
): Promise<readonly JsonPiece[]> {
  const { input: asked, output: made } = prediction
  if (asked?.kind !== 'stored' && made?.kind !== 'stored')
    return [await presentPrediction(context, prediction, baseUrl)]
  const { payloads, tickets } = context
  const [input, output, waiting] = await Promise.all([
    pieceOf(payloads, asked),
    payloads
      .isLarge(made)
      .then((isLarge) => (isLarge ? outputUrl(tickets, prediction, baseUrl) : pieceOf(payloads, made))),
    waitingOf(context, prediction, {}),
  ])
  return renderPieces(prediction, { input, output, baseUrl, tickets, ...(waiting && { waiting }) })
}

function waitingOf(context: ApiContext, prediction: Prediction, { queuePosition }: Known) {
  if (prediction.status !== 'starting') return undefined
  return explainWaiting(context, prediction, queuePosition).catch(unlessAway)
}

/** Null as well where retention has removed it since it was known. */
async function readInput(
  { payloads }: ApiContext,
  { input }: Prediction,
  known: Known,
): Promise<JsonText | null> {
  return input !== null && known.input !== undefined ? known.input : payloads.read(input)
}

/** Who was accepted must be answered, also when Redis goes before it is known how long there is to wait. */
function unlessAway(error: unknown): undefined {
  if (!isRedisUnavailable(error)) throw error
}

/** A prediction whose caller waited in vain. Clients take any status but `starting` for the end of it. */
export async function presentUnfinished(
  context: ApiContext,
  prediction: Prediction,
  baseUrl: string,
  known: Known = {},
): Promise<JsonText> {
  if (prediction.status !== 'processing') return presentPrediction(context, prediction, baseUrl, known)
  const input = await readInput(context, prediction, known)
  const starting: Prediction = { ...prediction, status: 'starting', startedAt: null }
  return renderPrediction(starting, { input, output: null, baseUrl, tickets: context.tickets })
}

/** A page of things that are pieces of JSON. */
export function pagePieces(results: readonly (readonly JsonPiece[])[], next: string | null): JsonPiece[] {
  const listed = results.flatMap((pieces, i) => (i === 0 ? pieces : [',', ...pieces]))
  return [`{"next":${JSON.stringify(next)},"previous":null,"results":[`, ...listed, ']}']
}

/** A page of things that are JSON text already. */
export function presentPage(results: readonly JsonText[], next: string | null): JsonText {
  return `{"next":${JSON.stringify(next)},"previous":null,"results":[${results.join(',')}]}`
}
