import type { IdempotencyKeys, IdempotentRequest } from '../idempotency.js'
import { modelTag, newPredictionId, type PredictionId } from '../ids.js'
import type { ModelVersion } from '../models/version.js'
import type { Payloads } from '../payloads/payloads.js'
import type { FairTurns } from '../quotas/fair-turns.js'
import type { OpenPredictions } from '../quotas/open-predictions.js'
import { type ReserveContext, reservePrediction } from '../quotas/reserve-prediction.js'
import { newJob, type PredictionQueues } from '../queue/prediction-queues.js'
import type { WebhookEvent } from '../webhooks/webhook-events.js'
import { type GetContext, getPrediction } from './get-prediction.js'
import type { NewPredictions } from './new-predictions.js'
import {
  type InputForm,
  isTerminal,
  type JsonText,
  type Payload,
  type Prediction,
  type PredictionClass,
  type PredictionTerms,
} from './prediction.js'
import type { PredictionIndex } from './prediction-index.js'

export interface CreateContext extends GetContext, ReserveContext {
  index: PredictionIndex
  /** The API key of the caller; null for one without. */
  keyId: string | null
  /** Of the request, where that is traced. */
  traceparent?: string | undefined
  openPredictions: OpenPredictions
  turns: Pick<FairTurns, 'next'>
  payloads: Payloads
  queues: PredictionQueues
  newPredictions: Pick<NewPredictions, 'store'>
  idempotency: IdempotencyKeys
}

export interface NewPrediction extends Partial<Omit<PredictionTerms, 'keyId'>> {
  version: ModelVersion
  /** Already valid for the version. */
  input: JsonText
  /** Whether the input names a file at another host. */
  isRemote?: boolean
  /** Whether it is asked for by the deployment of its model. */
  isDeployment?: boolean
  class: PredictionClass
  form: InputForm
  webhook: string | null
  webhookEvents: readonly WebhookEvent[]
  idempotency: Pick<IdempotentRequest, 'key' | 'fingerprint'> | null
}

type Birth = Pick<Prediction, 'id' | 'createdAt'>

export interface Created {
  prediction: Prediction
  /** Open predictions of its version that came before; null when it was there already. */
  queuePosition: number | null
  /** An earlier request with the same `Idempotency-Key` created it. */
  replayed: boolean
  /** What was just written as its input; left out when it was there already. */
  input?: JsonText
}

/**
 * Stores a prediction and puts it into its version's queue, unless its tenant has as many open ones as it may have.
 * Every step can be repeated for the same id, so a step that is missing after a crash is made up for: by the
 * reconciler, or by the client's next try with its key.
 */
export async function createPrediction(context: CreateContext, wanted: NewPrediction): Promise<Created> {
  // One look at the clock, so that the time in its id, by which it is listed, is that of its creation.
  const createdAt = context.now()
  const id = newPredictionId(modelTag(wanted.version.model), createdAt)
  if (wanted.idempotency === null) return store(context, { id, createdAt }, wanted)
  const request = { tenant: context.tenant, ...wanted.idempotency }
  const { value, replayed } = await context.idempotency.once<Created>(request, id, createdAt, {
    async create(fixed) {
      const begun = fixed === id ? null : await resume(context, fixed)
      return begun ?? store(context, { id: fixed, createdAt }, wanted)
    },
    existing: (fixed) => existing(context, fixed),
  })
  return replayed ? { ...value, replayed } : value
}

/**
 * What an earlier request with the same key created; null where none did. To be asked first: a repeated request gets its
 * prediction whatever became of version, worker or memory since.
 * @throws ServiceError `idempotency_mismatch` or `gone`
 */
export async function findReplay(
  context: GetContext & Pick<CreateContext, 'idempotency'>,
  idempotency: NewPrediction['idempotency'],
): Promise<Created | null> {
  if (idempotency === null) return null
  const request = { tenant: context.tenant, ...idempotency }
  return context.idempotency.find(request, (id) => existing(context, id))
}

async function existing(context: GetContext, id: PredictionId): Promise<Created> {
  return { prediction: await getPrediction(context, id), queuePosition: null, replayed: true }
}

/**
 * Makes up for what may be missing of a prediction that somebody else began to create; null where it has no record.
 * It is queued by what its record says, whatever version would be chosen for it now.
 */
async function resume(context: CreateContext, id: PredictionId): Promise<Created | null> {
  const found = await context.predictions.read(id)
  if (!found) return null
  if (!isTerminal(found.status)) {
    const turn = await context.turns.next(found.tenant, found, found.class)
    await Promise.all([
      context.index.add(found.tenant, [id]),
      context.openPredictions.add([found]),
      // A job that others share was sent with their records, and would not be missed alone.
      found.sharedJob === undefined ? context.queues.add(found, [newJob(found, turn)]) : undefined,
    ])
  }
  const created = await existing(context, id)
  if (isTerminal(created.prediction.status)) await context.openPredictions.remove([found])
  return created
}

async function store(context: CreateContext, birth: Birth, wanted: NewPrediction): Promise<Created> {
  const { id } = birth
  const { tenant, keyId } = context
  const owned = { id, tenant, keyId, version: wanted.version.id, class: wanted.class }
  await reservePrediction(context, owned)
  const { prediction, turn } = await prepare(context, birth, wanted).catch(async (error: unknown) => {
    // Best effort: what was reserved for it would be held against its tenant until the next recount.
    await context.openPredictions.remove([owned]).catch(() => {})
    throw error
  })
  const { maxSize } = wanted.version.manifest.serving.batching
  const outcome = await context.newPredictions.store(prediction, { turn, mostTogether: maxSize })
  // Its first creator was slow, not gone. A job that is now in the queue of another version is void.
  if (outcome.kind === 'exists') return (await resume(context, id)) ?? existing(context, id)
  return { prediction, queuePosition: outcome.queuePosition, replayed: false, input: wanted.input }
}

async function prepare(context: CreateContext, birth: Birth, wanted: NewPrediction) {
  const input = await context.payloads.keep(birth.id, 'input', wanted.input)
  const prediction = startingPrediction(context, birth, wanted, input)
  return { prediction, turn: await context.turns.next(context.tenant, prediction, prediction.class) }
}

/** Written out whole: putting an object of this size together from parts costs more than storing it. */
function startingPrediction(
  { tenant, keyId, traceparent }: CreateContext,
  { id, createdAt }: Birth,
  wanted: NewPrediction,
  input: Payload,
): Prediction {
  const { version } = wanted
  const prediction: Prediction = {
    id,
    tenant,
    keyId,
    model: version.model,
    version: version.id,
    label: version.label,
    class: wanted.class,
    form: wanted.form,
    status: 'starting',
    input,
    output: null,
    error: null,
    errorCode: null,
    logs: '',
    createdAt,
    startedAt: null,
    completedAt: null,
    expiresAt: wanted.expiresAt ?? null,
    deadlineAt: wanted.deadlineAt ?? null,
    timeoutMs: wanted.timeoutMs ?? null,
    metadata: wanted.metadata ?? null,
    retriedFrom: wanted.retriedFrom ?? null,
    trial: wanted.trial ?? null,
    provenance: null,
    dataRemoved: false,
    webhook: wanted.webhook,
    webhookEvents: wanted.webhookEvents,
    attempt: 0,
    token: '',
    epoch: 0,
  }
  if (wanted.isRemote) prediction.remote = true
  if (wanted.isDeployment) prediction.deployment = true
  if (traceparent !== undefined) prediction.traceparent = traceparent
  return prediction
}
