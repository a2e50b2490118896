import { modelTag } from '@augur/core/ids'
import type { LocalVersion } from '@augur/core/models/version'
import { consumePredictions } from '@augur/core/queue/prediction-consumer'
import type { PoolState } from '@augur/inference/runner-pool'
import type { WorkerContext } from '../context.js'
import { HeldVersion } from './held-version.js'
import type { ModelLifecycle } from './model-lifecycle.js'
import type { Wanted } from './plan-lifecycle.js'
import { measureLoads, measureRuns } from '../measure.js'
import { CancelPolicy } from '../predictions/cancel-policy.js'
import { VersionService } from '../predictions/version-service.js'
import type { RunSlots } from '../run-slots.js'
import { stage } from './stage.js'

interface HoldContext extends WorkerContext {
  slots: RunSlots
  lifecycle: ModelLifecycle
  /** How long a version that goes is served at least. */
  lingerMs: number
}

/** Gives a version that was found all that it needs of this worker. */
export function holdVersion(context: HoldContext, wanted: Wanted, isHandedOver: () => boolean): HeldVersion {
  const { catalogue, predictions, lifecycle, metrics, lingerMs, now } = context
  const { found } = wanted
  const { id, model, label } = found
  const logger = context.logger.child({ model, label, version: id.slice(0, 12) })
  const held: HeldVersion = new HeldVersion({
    wanted,
    isHandedOver,
    logger,
    lingerMs,
    drainMs: context.settings.AUGUR_DRAIN_SECONDS * 1000,
    stage: (_, control) => stage({ ...context, logger }, found, control),
    createService: (version, onStateChange) =>
      createService({ ...context, logger }, version, (state) => {
        logger[state.code ? 'error' : 'info'](state, 'version changed state')
        onStateChange(state)
      }),
    publish: () => catalogue.publish(found, wanted.foundAtMs),
    async publishIfMissing() {
      const wasMissing = await catalogue.publishIfMissing(found, wanted.foundAtMs)
      if (wasMissing) logger.warn('version was missing in the catalogue and is published again')
    },
    markRemoved: () => catalogue.markRemoved(found, now()),
    countOpen: async () => (await predictions.counts(modelTag(model), id)).open,
    ...measureLoads(metrics, found),
    onChange: () => lifecycle.changed(),
    onGone: () => {
      logger.info('version left')
      lifecycle.changed(held)
    },
  })
  return held
}

function createService(
  context: WorkerContext & { slots: RunSlots },
  version: LocalVersion,
  onStateChange: (state: PoolState) => void,
): VersionService {
  const { logger, slots, metrics } = context
  const target = { model: version.model, version: version.id }
  return new VersionService({
    version,
    slots,
    host: context.runnerHost,
    microBatch: { ...context, ...measureRuns(metrics, version) },
    cancelPolicy: new CancelPolicy({ minRunMs: 1000, pauseMs: 10_000, now: () => performance.now() }),
    consume: (concurrency, handle) => consumePredictions({ ...context, logger, concurrency, handle, target }),
    onStateChange,
  })
}
