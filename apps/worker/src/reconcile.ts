import { type ModelTag, modelTag } from '@augur/core/ids'
import type { Catalogue } from '@augur/core/models/catalogue'
import type { QueueTarget } from '@augur/core/queue/version-queues'
import { expireDue } from '@augur/core/reconciler/expire-due'
import { reconcileModel } from '@augur/core/reconciler/reconcile-model'
import { sweepVersions } from '@augur/core/reconciler/sweep-versions'
import { readMemoryUse } from '@augur/core/redis/memory'
import { repeat } from '@augur/core/repeat'
import type { WorkerContext } from './context.js'
import { lookAfterTenants } from './look-after-tenants.js'

const cycleMs = 5000
/** Callers set these times, and see when they are kept. */
const expireEveryMs = 500

/** The role `maintenance`: closes the gaps that crashes leave, one worker a model. */
export function reconcile(context: WorkerContext): { stop(): Promise<void> } {
  const { settings, logger } = context
  let tags: readonly ModelTag[] = []
  const cycle = async () => {
    const catalogue = await context.catalogue.read()
    const byTag = versionsByTag(catalogue)
    tags = [...byTag.keys()]
    for (const [tag, versions] of byTag) {
      const ofTag = { ...context, ...limits, tag }
      try {
        // Null: another worker has the lease, and sweeps as well.
        if ((await reconcileModel(ofTag, versions)) !== null) await sweepVersions(ofTag, catalogue)
      } catch (error) {
        // Its fault must not keep the other models from being looked after.
        logger.error({ err: error, tag }, 'model could not be reconciled')
      }
    }
  }
  const limits = {
    graceMs: settings.AUGUR_RECONCILE_GRACE_SECONDS * 1000,
    drainMs: settings.AUGUR_DRAIN_SECONDS * 1000,
    memoryUse: () => readMemoryUse(context.redis, settings.AUGUR_REDIS_MAX_BYTES),
  }
  const expire = async () => {
    await Promise.all(tags.map((tag) => expireDue({ ...context, tag })))
  }
  const loops = [
    repeat(cycle, cycleMs, (error) => logger.error({ err: error }, 'reconciler cycle failed')),
    repeat(expire, expireEveryMs, (error) => logger.error({ err: error }, 'expiry failed')),
    lookAfterTenants(context),
  ]
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()))
    },
  }
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
