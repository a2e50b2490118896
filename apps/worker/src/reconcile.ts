import { type ModelTag, modelTag } from '@augur/core/ids'
import type { Catalogue } from '@augur/core/models/catalogue'
import type { QueueTarget } from '@augur/core/queue/prediction-queues'
import { reconcileModel } from '@augur/core/reconciler/reconcile-model'
import { sweepVersions } from '@augur/core/reconciler/sweep-versions'
import { readMemoryUse } from '@augur/core/redis/memory'
import { repeat } from '@augur/core/repeat'
import { defaultTenant } from '@augur/core/tenant'
import type { WorkerContext } from './context.js'

const cycleMs = 5000

/** The role `maintenance`: closes the gaps that crashes leave, one worker a model. */
export function reconcile(context: WorkerContext): { stop(): Promise<void> } {
  const { settings, logger } = context
  const cycle = async () => {
    const catalogue = await context.catalogue.read()
    for (const [tag, versions] of versionsByTag(catalogue)) {
      const ofTag = { ...context, ...limits, tag }
      // Null: another worker has the lease, and sweeps as well.
      if ((await reconcileModel(ofTag, versions)) !== null) await sweepVersions(ofTag, catalogue)
    }
    // Twice the retention, since that counts from the end and the index knows beginnings only.
    await context.index.trim(
      defaultTenant,
      context.now() - 2 * settings.AUGUR_RECORD_RETENTION_SECONDS * 1000,
    )
  }
  const limits = {
    graceMs: settings.AUGUR_RECONCILE_GRACE_SECONDS * 1000,
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
