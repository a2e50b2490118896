import type { Redis } from 'ioredis'
import type { ModelTag } from '../ids.js'
import type { FinishContext } from '../predictions/finish-predictions.js'
import type { PredictionQueues } from '../queue/prediction-queues.js'
import type { QueueTarget } from '../queue/version-queues.js'
import type { Keys } from '../redis/keys.js'
import { holdLease } from '../redis/lease.js'
import type { Logger } from '../telemetry/logger.js'
import type { DeliveryStore } from '../webhooks/delivery-store.js'
import { announceDeliveries } from './announce-deliveries.js'
import { applyRetention } from './apply-retention.js'
import { closeFailedJobs } from './close-failed-jobs.js'
import { Progress } from './progress.js'
import { publishAudit } from './publish-audit.js'
import { type ReconcileBatchesContext, reconcileBatches } from './reconcile-batches.js'
import { requeueLost } from './requeue-lost.js'

export interface ReconcileContext extends FinishContext, ReconcileBatchesContext {
  tag: ModelTag
  /** Who holds the lease: one worker at a time reconciles a model. */
  worker: string
  redis: Redis
  keys: Keys
  queues: PredictionQueues
  deliveryStore: DeliveryStore
  dataRetentionMs: number
  /** How old a gap must be before it counts as one, and not as a step that is under way. */
  graceMs: number
  memoryUse(): Promise<number>
  now(): number
  logger: Logger
}

export interface Reconciled {
  requeued: number
  closed: number
  announced: number
  removed: number
}

/** Prolonged each cycle. Who takes over from a leader that was killed has to close its gaps within 30 s as well. */
const leaseMs = 12_000

/** Closes every gap that a crash between two steps left behind. Null when another worker is in charge. */
export async function reconcileModel(
  context: ReconcileContext,
  versions: readonly QueueTarget[],
): Promise<Reconciled | null> {
  const { redis, keys, tag } = context
  if (!(await holdLease(redis, keys.reconcilerLease(tag), context.worker, leaseMs))) return null
  const progress = new Progress(redis, keys.reconcilerProgress(tag))
  const untilMs = context.now() - context.graceMs
  const done: Reconciled = { requeued: 0, closed: 0, announced: 0, removed: 0 }
  for (const target of versions) {
    done.closed += await closeFailedJobs(context, target)
    done.requeued += await requeueLost(context, progress, target, untilMs)
    await context.queues.takeBackTurns(target)
    await context.chunkQueues.takeBackTurns(target)
    const batches = await reconcileBatches(context, target)
    done.closed += batches.closed
    done.requeued += batches.requeued
  }
  done.announced = await announceDeliveries(context, progress, untilMs)
  done.removed = await applyRetention(context)
  for (const target of versions) await publishAudit(context, target)
  if (done.requeued + done.closed + done.announced > 0) {
    context.logger.warn({ tag, ...done }, 'reconciler closed gaps')
  }
  return done
}
