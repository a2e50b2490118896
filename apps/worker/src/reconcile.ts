import { type ModelTag, modelTag } from '@augur/core/ids'
import type { Catalogue } from '@augur/core/models/catalogue'
import type { QueueTarget } from '@augur/core/queue/prediction-queues'
import { reconcileModel } from '@augur/core/reconciler/reconcile-model'
import { recountOpen } from '@augur/core/reconciler/recount-open'
import { sweepVersions } from '@augur/core/reconciler/sweep-versions'
import { trimIndexes } from '@augur/core/reconciler/trim-indexes'
import { readMemoryUse } from '@augur/core/redis/memory'
import { repeat } from '@augur/core/repeat'
import type { WorkerContext } from './context.js'

const cycleMs = 5000
/** Nobody sees what is trimmed, so it need not go at once. */
const trimEveryMs = 10 * 60_000
/** It looks at every open prediction. */
const recountEveryMs = 60_000

/** The role `maintenance`: closes the gaps that crashes leave, one worker a model. */
export function reconcile(context: WorkerContext): { stop(): Promise<void> } {
  const { settings, logger } = context
  let trimAt = 0
  let recountAt = 0
  const cycle = async () => {
    const catalogue = await context.catalogue.read()
    for (const [tag, versions] of versionsByTag(catalogue)) {
      const ofTag = { ...context, ...limits, tag }
      try {
        // Null: another worker has the lease, and sweeps as well.
        if ((await reconcileModel(ofTag, versions)) !== null) await sweepVersions(ofTag, catalogue)
      } catch (error) {
        // Its fault must not keep the other models from being looked after.
        logger.error({ err: error, tag }, 'model could not be reconciled')
      }
    }
    if (context.now() >= recountAt) {
      const removed = await recountOpen({ ...context, ...limits })
      if (removed > 0) logger.warn({ removed }, 'ended predictions counted as open')
      recountAt = context.now() + recountEveryMs
    }
    if (context.now() < trimAt) return
    await trimIndexes({ ...context, recordRetentionMs: settings.AUGUR_RECORD_RETENTION_SECONDS * 1000 })
    trimAt = context.now() + trimEveryMs
  }
  const limits = {
    graceMs: settings.AUGUR_RECONCILE_GRACE_SECONDS * 1000,
    ageingMs: settings.AUGUR_QUEUE_AGEING_SECONDS * 1000,
    drainMs: settings.AUGUR_DRAIN_SECONDS * 1000,
    memoryUse: () => readMemoryUse(context.redis, settings.AUGUR_REDIS_MAX_BYTES),
  }
  return repeat(cycle, cycleMs, (error) => logger.error({ err: error }, 'reconciler cycle failed'))
}

/** Removed versions as well: until they are forgotten, somebody may still wait for them. */
function versionsByTag(catalogue: Catalogue): Map<ModelTag, QueueTarget[]> {
  const byTag = new Map<ModelTag, QueueTarget[]>()
  for (const { model, id } of catalogue.all) {
    const tag = modelTag(model)
    byTag.set(tag, [...(byTag.get(tag) ?? []), { model, version: id }])
  }
  return byTag
}
