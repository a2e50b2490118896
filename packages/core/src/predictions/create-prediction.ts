import { type IdempotencyKeys, type IdempotentRequest } from '../idempotency.js'
import { modelTag, newPredictionId, type PredictionId } from '../ids.js'
import type { ModelVersion } from '../models/version.js'
import type { Payloads } from '../payloads/payloads.js'
import type { FairTurns } from '../quotas/fair-turns.js'
import type { OpenPredictions } from '../quotas/open-predictions.js'
import { reservePrediction } from '../quotas/reserve-prediction.js'
import type { PredictionQueues } from '../queue/prediction-queues.js'
import type { WebhookEvent } from '../webhooks/webhook-events.js'
import { type GetContext, getPrediction } from './get-prediction.js'
import type { InputForm, JsonText, Payload, Prediction, PredictionClass } from './prediction.js'
import type { PredictionIndex } from './prediction-index.js'

export interface CreateContext extends GetContext {
  index: PredictionIndex
  openPredictions: OpenPredictions
  turns: Pick<FairTurns, 'next'>
  /** How many predictions of one tenant may wait or run; 0: any number. */
  maxOpenPredictions: number
  payloads: Payloads
  queues: PredictionQueues
  idempotency: IdempotencyKeys
}

export interface NewPrediction {
  version: ModelVersion
  /** Already valid for the version. */
  input: JsonText
  class: PredictionClass
  form: InputForm
  webhook: string | null
  webhookEvents: readonly WebhookEvent[]
  idempotency: Pick<IdempotentRequest, 'key' | 'fingerprint'> | null
}

export interface Created {
  prediction: Prediction
  /** Open predictions of its version that came before; null when it was there already. */
  queuePosition: number | null
  /** An earlier request with the same `Idempotency-Key` created it. */
  replayed: boolean
}

/**
 * Stores a prediction and puts it into its version's queue, unless its tenant has as many open ones as it may have. Every step can be repeated for the same id, so a step
 * that is missing after a crash is made up for: by the reconciler, or by the client's next try with its key.
 */
export async function createPrediction(context: CreateContext, wanted: NewPrediction): Promise<Created> {
  const id = newPredictionId(modelTag(wanted.version.model), context.now())
  if (wanted.idempotency === null) return store(context, id, wanted)
  const request = { tenant: context.tenant, ...wanted.idempotency }
  const outcome = await context.idempotency.begin(request, id, context.now())
  if (outcome.kind === 'replay') return { ...(await existing(context, outcome.id)), replayed: true }
  try {
    const created = await store(context, outcome.id, wanted)
    await context.idempotency.created(request, outcome.id)
    return created
  } catch (error) {
    // Best effort: without it the next try waits until the lease runs out.
    await context.idempotency.failed(request, outcome.id).catch(() => {})
    throw error
  }
}

async function existing(context: CreateContext, id: PredictionId): Promise<Created> {
  return { prediction: await getPrediction(context, id), queuePosition: null, replayed: false }
}

async function store(context: CreateContext, id: PredictionId, wanted: NewPrediction): Promise<Created> {
  if (context.maxOpenPredictions > 0) await reservePrediction(context, id)
  const { prediction, target, turn } = await prepare(context, id, wanted).catch(async (error: unknown) => {
    // Best effort: what was reserved for it would be held against its tenant until the next recount.
    await context.openPredictions.remove([{ tenant: context.tenant, id }]).catch(() => {})
    throw error
  })
  // Sent together, in this order, over one connection: who finds the job finds its record.
  const [outcome] = await Promise.all([
    context.predictions.create(prediction),
    context.index.add(context.tenant, id),
    context.openPredictions.add(prediction),
    context.queues.add(target, [{ id, epoch: prediction.epoch, class: prediction.class, turn }]),
  ])
  if (outcome.kind === 'exists') return existing(context, id)
  return { prediction, queuePosition: outcome.queuePosition, replayed: false }
}

async function prepare(context: CreateContext, id: PredictionId, wanted: NewPrediction) {
  const input = await context.payloads.keep(id, 'input', wanted.input)
  const prediction = startingPrediction(context, id, wanted, input)
  const target = { model: prediction.model, version: prediction.version }
  return { prediction, target, turn: await context.turns.next(context.tenant, target, prediction.class) }
}

function startingPrediction(
  context: CreateContext,
  id: PredictionId,
  { version, class: predictionClass, form, webhook, webhookEvents }: NewPrediction,
  input: Payload,
): Prediction {
  return {
    id,
    tenant: context.tenant,
    model: version.model,
    version: version.id,
    label: version.label,
    class: predictionClass,
    form,
    status: 'starting',
    input,
    output: null,
    error: null,
    errorCode: null,
    createdAt: context.now(),
    startedAt: null,
    completedAt: null,
    provenance: null,
    dataRemoved: false,
    webhook,
    webhookEvents,
    attempt: 0,
    token: '',
    epoch: 0,
  }
}
