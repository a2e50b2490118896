import { ServiceError } from '../errors.js'
import type { IdempotencyKeys, IdempotentRequest } from '../idempotency.js'
import { modelTag, newReplayId, type PredictionId, type ReplayId } from '../ids.js'
import type { CatalogueVersion } from '../models/catalogue.js'
import { type ListContext, listPredictions } from '../predictions/list-predictions.js'
import type { Prediction } from '../predictions/prediction.js'
import type { ShadowQueues } from '../queue/shadow-queues.js'
import type { Replay, ReplayStore } from './replay-store.js'

export interface ReplayContext extends ListContext {
  replays: ReplayStore
  shadowQueues: ShadowQueues
  idempotency: Pick<IdempotencyKeys, 'once' | 'find'>
  now(): number
}

export interface NewReplay {
  version: CatalogueVersion
  /** How many of the newest predictions. */
  last: number
  idempotency: Pick<IdempotentRequest, 'key' | 'fingerprint'> | null
}

/** `replayed`: an earlier request with the same `Idempotency-Key` began it. */
export interface StartedReplay {
  replay: Replay
  replayed: boolean
}

/** Most predictions of one replay. */
export const mostReplayed = 1000
/** Repetitions that may wait for a version when a replay is begun. */
const mostWaiting = 10_000
const pageSize = 100
/** So many pages are looked at, however few of them hold what can be repeated. */
const mostPages = 50

/**
 * Has a version repeat the tenant's newest predictions of its model that have ended, as a shadow does.
 * @throws ServiceError `invalid_request` where there is nothing to repeat, `overloaded` where too much waits already
 */
export async function startReplay(context: ReplayContext, wanted: NewReplay): Promise<StartedReplay> {
  const { tenant, idempotency } = context
  const now = context.now()
  const id = newReplayId(modelTag(wanted.version.model), now)
  const create = (fixed: ReplayId) => begin(context, wanted, fixed, now)
  if (wanted.idempotency === null) return { replay: await create(id), replayed: false }
  const existing = (fixed: ReplayId) => read(context, fixed)
  const request = { tenant, ...wanted.idempotency }
  const { value, replayed } = await idempotency.once<Replay>(request, id, now, { create, existing })
  return { replay: value, replayed }
}

/**
 * The replay that an earlier request with the same key began, whatever became of its version since; null where none did.
 * @throws ServiceError `idempotency_mismatch` or `gone`
 */
export async function findStartedReplay(
  context: Pick<ReplayContext, 'idempotency' | 'replays' | 'tenant'>,
  idempotency: NewReplay['idempotency'],
): Promise<StartedReplay | null> {
  if (idempotency === null) return null
  const request = { tenant: context.tenant, ...idempotency }
  const replay = await context.idempotency.find(request, (id) => read(context, id))
  return replay === null ? null : { replay, replayed: true }
}

async function read({ replays }: Pick<ReplayContext, 'replays'>, id: ReplayId): Promise<Replay> {
  const replay = await replays.read(id)
  if (replay === null) throw new ServiceError('not_found', 'There is no such replay.')
  return replay
}

/** Beginning it twice repeats each prediction once. */
async function begin(
  context: ReplayContext,
  { version: { model, id: candidate }, last }: NewReplay,
  id: ReplayId,
  now: number,
): Promise<Replay> {
  const target = { model, version: candidate }
  if ((await context.shadowQueues.replaysWaiting(target)) > mostWaiting) {
    throw new ServiceError('overloaded', 'Too many repetitions wait for this version.', {
      retryAfterSeconds: 60,
    })
  }
  const primaries = await findEnded(context, model, last)
  if (primaries.length === 0) {
    throw new ServiceError(
      'invalid_request',
      'You have no prediction of this model whose input is still there.',
    )
  }
  const { tenant } = context
  const replay = { id, tenant, model, candidate, total: primaries.length, createdAt: now }
  await context.replays.write(replay)
  try {
    const jobs = primaries.map((primary) => ({ trial: id, primary }))
    await context.shadowQueues.addReplay(target, jobs, now)
  } catch (error) {
    await context.replays.remove(id).catch(() => {})
    throw error
  }
  return replay
}

async function findEnded(context: ReplayContext, model: string, last: number): Promise<PredictionId[]> {
  const found: PredictionId[] = []
  let before: PredictionId | null = null
  for (let page = 0; page < mostPages && found.length < last; page++) {
    const { predictions, next } = await listPredictions(context, {
      before,
      limit: pageSize,
      filter: { model },
    })
    found.push(...predictions.filter(canBeRepeated).map(({ id }) => id))
    if (next === null) break
    before = next
  }
  return found.slice(0, last)
}

const canBeRepeated = ({ status, input }: Prediction) =>
  input !== null && (status === 'succeeded' || status === 'failed')
