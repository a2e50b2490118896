import type { Catalogue } from '../models/catalogue.js'
import type { CatalogueFollower } from '../models/catalogue-follower.js'
import type { VersionState } from '../models/presence.js'
import type { VersionId } from '../models/version.js'
import type { QueueStates } from '../queue/queue-states.js'
import type { Prediction } from './prediction.js'
import type { PredictionStore } from './prediction-store.js'

/** Why a prediction has not begun. */
export const waitingReasons = [
  'queued',
  'no_worker_has_this_version',
  'worker_crash_looping',
  'paused',
] as const
export type WaitingReason = (typeof waitingReasons)[number]

/** What a caller is told of a prediction that has not begun. */
export interface Waiting {
  /** Open predictions of its version that came before; null when it is not among them any more. */
  queuePosition: number | null
  /** Milliseconds since 1970, by how fast its version ran lately; null when nothing tells. */
  estimatedStartAt: number | null
  reason: WaitingReason
}

export interface WaitingContext {
  catalogue: Pick<CatalogueFollower, 'current'>
  predictions: Pick<PredictionStore, 'queuePosition'>
  queueStates: Pick<QueueStates, 'of'>
  now(): number
}

/** Why a `starting` prediction waits, and for how long it may. Its position is looked up where it is not `known`. */
export async function explainWaiting(
  context: WaitingContext,
  prediction: Pick<Prediction, 'id' | 'model' | 'version'>,
  known: number | null = null,
): Promise<Waiting> {
  const [queuePosition, { isPaused, ranPerSecond }] = await Promise.all([
    known ?? context.predictions.queuePosition(prediction),
    context.queueStates.of(prediction),
  ])
  const reason = isPaused ? 'paused' : reasonOf(context.catalogue.current, prediction.version)
  const isMoving = reason === 'queued' && ranPerSecond !== null && queuePosition !== null
  const estimatedStartAt = isMoving ? context.now() + Math.round((queuePosition * 1000) / ranPerSecond) : null
  return { queuePosition, estimatedStartAt, reason }
}

function reasonOf(catalogue: Catalogue | null, version: VersionId): WaitingReason {
  return catalogue === null ? 'queued' : reasons[catalogue.stateOf(version)]
}

const reasons: Record<VersionState | 'unserved', WaitingReason> = {
  ready: 'queued',
  loading: 'queued',
  draining: 'queued',
  crash_looping: 'worker_crash_looping',
  load_failed: 'no_worker_has_this_version',
  stopped: 'no_worker_has_this_version',
  unserved: 'no_worker_has_this_version',
}
