import { ServiceError } from '../errors.js'
import type { CatalogueFollower } from '../models/catalogue-follower.js'
import type { ModelVersion } from '../models/version.js'
import type { MemoryFollower } from '../redis/memory-follower.js'

export interface AdmissionContext {
  catalogue: Pick<CatalogueFollower, 'unservedMs'>
  memory: Pick<MemoryFollower, 'use'>
  /** How long a version may be without a ready worker before callers who wait are refused. */
  noWorkerGraceMs: number
}

/** A Redis that is full deadlocks its consumers: the rest of it is for finishing what was accepted. */
const mostMemoryUse = 0.8

/**
 * Refuses what could not be served: new work while Redis is nearly full, and callers who wait where nobody works.
 * @throws ServiceError `overloaded` or `no_worker`
 */
export function admitPrediction(
  context: AdmissionContext,
  version: ModelVersion,
  isWaitedFor: boolean,
): void {
  if (context.memory.use > mostMemoryUse) {
    throw new ServiceError('overloaded', 'The server holds as much work as it can.', { retryAfterSeconds: 5 })
  }
  if (!isWaitedFor) return
  const unservedMs = context.catalogue.unservedMs(version.id)
  if (unservedMs > 0 && unservedMs >= context.noWorkerGraceMs) {
    throw new ServiceError('no_worker', 'No worker is ready for this version.', { retryAfterSeconds: 5 })
  }
}
