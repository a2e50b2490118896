import { removeExpiredFiles } from '@augur/core/files/remove-expired-files'
import { modelTag } from '@augur/core/ids'
import { removeOrphanPayloads } from '@augur/core/reconciler/remove-orphan-payloads'
import { retainBatches } from '@augur/core/reconciler/retain-batches'
import { holdLease } from '@augur/core/redis/lease'
import { repeat } from '@augur/core/repeat'
import type { WorkerContext } from './context.js'

const cycleMs = 5000
const leaseMs = 60_000
/** It looks at everything in the payload store, and nobody sees what it removes. */
const orphansEveryMs = 3_600_000

/** Removes expired files, the lines and results of old batches, and orphans from the payload store: a part of the role `maintenance`, one worker at a time. */
export function sweepPayloads(context: WorkerContext): { stop(): Promise<void> } {
  const { redis, keys, worker, logger, now } = context
  // A worker that starts anew every few minutes must not look at everything each time.
  let orphansAt = now() + orphansEveryMs / 4
  const cycle = async () => {
    if (!(await holdLease(redis, keys.payloadSweepLease, worker, leaseMs))) return
    await removeExpiredFiles(context)
    const { all } = await context.catalogue.read()
    await retainBatches(context, [...new Set(all.map(({ model }) => modelTag(model)))])
    if (now() < orphansAt) return
    orphansAt = now() + orphansEveryMs
    const removed = await removeOrphanPayloads(context)
    if (removed > 0) logger.warn({ removed }, 'payloads without a record removed')
  }
  return repeat(cycle, cycleMs, (error) => logger.error({ err: error }, 'payloads could not be swept'))
}
