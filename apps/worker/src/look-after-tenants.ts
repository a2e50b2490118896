import { recountOpen } from '@augur/core/reconciler/recount-open'
import { trimIndexes } from '@augur/core/reconciler/trim-indexes'
import { holdLease } from '@augur/core/redis/lease'
import { repeat } from '@augur/core/repeat'
import type { WorkerContext } from './context.js'

const cycleMs = 5000
const leaseMs = 60_000
/** It looks at every open prediction. */
const recountEveryMs = 60_000
/** Nobody sees what is trimmed, so it need not go at once. */
const trimEveryMs = 10 * 60_000

export type TenantsContext = Pick<
  WorkerContext,
  | 'redis'
  | 'keys'
  | 'worker'
  | 'logger'
  | 'now'
  | 'settings'
  | 'catalogue'
  | 'index'
  | 'batchIndex'
  | 'predictions'
  | 'openPredictions'
>

/** Keeps what is counted and listed of every tenant right: a part of the role `maintenance`, one worker at a time. */
export function lookAfterTenants(context: TenantsContext): { stop(): Promise<void> } {
  const { redis, keys, worker, logger, now, settings } = context
  const graceMs = settings.AUGUR_RECONCILE_GRACE_SECONDS * 1000
  const recordRetentionMs = settings.AUGUR_RECORD_RETENTION_SECONDS * 1000
  let recountAt = 0
  let trimAt = 0
  const cycle = async () => {
    if (!(await holdLease(redis, keys.tenantsLease, worker, leaseMs)) || now() < recountAt) return
    const { all } = await context.catalogue.read()
    const versions = all.map(({ model, id }) => ({ model, version: id }))
    const recounted = await recountOpen({ ...context, graceMs }, versions)
    if (recounted.removed + recounted.added > 0) logger.warn(recounted, 'open predictions were miscounted')
    recountAt = now() + recountEveryMs
    if (now() < trimAt) return
    await trimIndexes({ ...context, recordRetentionMs })
    trimAt = now() + trimEveryMs
  }
  return repeat(cycle, cycleMs, (error) => logger.error({ err: error }, 'tenants could not be looked after'))
}
