import { ServiceError } from '../errors.js'
import { modelTag, newReplayId, type PredictionId } from '../ids.js'
import type { CatalogueVersion } from '../models/catalogue.js'
import { type ListContext, listPredictions } from '../predictions/list-predictions.js'
import type { Prediction } from '../predictions/prediction.js'
import type { ShadowQueues } from '../queue/shadow-queues.js'
import type { Replay, ReplayStore } from './replay-store.js'

export interface ReplayContext extends ListContext {
  replays: ReplayStore
  shadowQueues: ShadowQueues
  now(): number
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
export async function startReplay(
  context: ReplayContext,
  { model, id: candidate }: CatalogueVersion,
  last: number,
): Promise<Replay> {
  const target = { model, version: candidate }
  if ((await context.shadowQueues.waiting(target)) > mostWaiting) {
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
  const now = context.now()
  const id = newReplayId(modelTag(model), now)
  const { tenant } = context
  const replay = { id, tenant, model, candidate, total: primaries.length, createdAt: now }
  await context.replays.write(replay)
  try {
    const jobs = primaries.map((primary) => ({ trial: id, primary }))
    await context.shadowQueues.add(target, jobs, Number.POSITIVE_INFINITY, now)
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
