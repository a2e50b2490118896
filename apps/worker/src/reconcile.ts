import { type ModelTag, modelTag } from '@augur/core/ids'
import type { QueueTarget } from '@augur/core/queue/prediction-queues'
import { reconcileModel } from '@augur/core/reconciler/reconcile-model'
import { readMemoryUse } from '@augur/core/redis/memory'
import { repeat } from '@augur/core/repeat'
import { defaultTenant } from '@augur/core/tenant'
import type { WorkerContext } from './context.js'

const cycleMs = 5000

/** The role `maintenance`: closes the gaps that crashes leave, one worker a model. */
export function reconcile(context: WorkerContext): { stop(): Promise<void> } {
  const { settings, logger } = context
  const cycle = async () => {
    for (const [tag, versions] of await versionsByTag(context)) {
      await reconcileModel({ ...context, ...limits, tag }, versions)
    }
    // Twice the retention, since that counts from the end and the index knows beginnings only.
    await context.index.trim(
      defaultTenant,
      context.now() - 2 * settings.AUGUR_RECORD_RETENTION_SECONDS * 1000,
    )
  }
  const limits = {
    graceMs: settings.AUGUR_RECONCILE_GRACE_SECONDS * 1000,
    memoryUse: () => readMemoryUse(context.redis, settings.AUGUR_REDIS_MAX_BYTES),
  }
  return repeat(cycle, cycleMs, (error) => logger.error({ err: error }, 'reconciler cycle failed'))
}

async function versionsByTag(context: WorkerContext): Promise<Map<ModelTag, QueueTarget[]>> {
  const byTag = new Map<ModelTag, QueueTarget[]>()
  for (const { model, id } of (await context.catalogue.read()).versions) {
    const tag = modelTag(model)
    byTag.set(tag, [...(byTag.get(tag) ?? []), { model, version: id }])
  }
  return byTag
}
