import { ServiceError } from '../errors.js'
import type { CatalogueFollower } from '../models/catalogue-follower.js'
import type { ModelVersion } from '../models/version.js'
import type { QueueDepths } from '../queue/queue-depths.js'
import type { MemoryFollower } from '../redis/memory-follower.js'

export interface AdmissionContext {
  catalogue: Pick<CatalogueFollower, 'isDraining' | 'unservedMs'>
  memory: Pick<MemoryFollower, 'use'>
  queueDepths: Pick<QueueDepths, 'admit'>
  /** How long a version may be without a ready worker before callers who wait are refused. */
  noWorkerGraceMs: number
}

/** A Redis that is full deadlocks its consumers: the rest of it is for finishing what was accepted. */
const mostMemoryUse = 0.8

/**
 * Refuses what could not be served: new work while Redis is nearly full or the version's queue is, and callers who wait
 * where nobody works or the version is drained.
 * @throws ServiceError `overloaded`, `version_draining` or `no_worker`
 */
export function admitPrediction(
  context: AdmissionContext,
  version: ModelVersion,
  isWaitedFor: boolean,
): void {
  if (context.memory.use > mostMemoryUse) {
    throw new ServiceError('overloaded', 'The server holds as much work as it can.', { retryAfterSeconds: 5 })
  }
  if (context.catalogue.isDraining(version.id)) {
    const detail = 'An operator has this version take no new predictions.'
    throw new ServiceError('version_draining', detail, { retryAfterSeconds: 30 })
  }
  const unservedMs = isWaitedFor ? context.catalogue.unservedMs(version.id) : 0
  if (unservedMs > 0 && unservedMs >= context.noWorkerGraceMs) {
    throw new ServiceError('no_worker', 'No worker is ready for this version.', { retryAfterSeconds: 5 })
  }
  if (!context.queueDepths.admit({ model: version.model, version: version.id })) {
    const detail = 'As many predictions of this version wait as may.'
    throw new ServiceError('overloaded', detail, { retryAfterSeconds: 5 })
  }
}
