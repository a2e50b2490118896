import { countOpenWork } from '@augur/core/batches/count-open-work'
import { modelTag } from '@augur/core/ids'
import { fileFields } from '@augur/core/models/inputs/file-fields'
import type { LocalVersion } from '@augur/core/models/version'
import { consumeChunks } from '@augur/core/queue/chunk-consumer'
import { consumePredictions } from '@augur/core/queue/prediction-consumer'
import { consumeShadows } from '@augur/core/queue/shadow-consumer'
import type { PoolState } from '@augur/inference/runner-pool'
import type { WorkerContext } from '../context.js'
import { HeldVersion } from './held-version.js'
import type { ModelLifecycle } from './model-lifecycle.js'
import type { Wanted } from './plan-lifecycle.js'
import { measureLoads, measureRuns } from '../measure.js'
import { CancelPolicy } from '../predictions/cancel-policy.js'
import { fetchAhead } from '../predictions/fetch-ahead.js'
import { VersionService } from '../predictions/version-service.js'
import type { RunSlots } from '../run-slots.js'
import { logEnd } from '../log-end.js'
import { tracePrediction } from '../trace-predictions.js'
import { ShadowService } from '../shadow/shadow-service.js'
import { stage } from './stage.js'

interface HoldContext extends WorkerContext {
  slots: RunSlots
  lifecycle: ModelLifecycle
  /** How long a version that goes is served at least. */
  lingerMs: number
}

/** Gives a version that was found all that it needs of this worker. */
export function holdVersion(context: HoldContext, wanted: Wanted, isHandedOver: () => boolean): HeldVersion {
  const { catalogue, predictions, batches, lifecycle, metrics, lingerMs, now } = context
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
    countOpen: () => countOpenWork({ predictions, batches }, modelTag(model), id),
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
  context: HoldContext,
  version: LocalVersion,
  onStateChange: (state: PoolState) => void,
): VersionService {
  const { logger, slots, metrics, tracing } = context
  const target = { model: version.model, version: version.id }
  const measured = measureRuns(metrics, version)
  const files = fileFields(version.manifest, 'pipeline')
  return new VersionService({
    version,
    slots,
    host: context.runnerHost,
    microBatch: {
      ...context,
      ...measured,
      version: version.id,
      fileFields: files,
      onEnd(prediction, ending, ran) {
        measured.onEnd(prediction, ending)
        context.shadowSampler.ended(prediction, ending)
        logEnd(logger, prediction, ending)
        if (tracing !== null) tracePrediction(tracing, prediction, ending, ran)
      },
    },
    chunk: { ...context, ...measured, version: version.id, fileFields: files },
    cancelPolicy: new CancelPolicy({ minRunMs: 1000, pauseMs: 10_000, now: () => performance.now() }),
    fetchAhead: (id, control) => fetchAhead({ ...context, logger }, files, id, control),
    dropFetched: (id) => context.fetched.drop(id),
    consume: (places, handle) => consumePredictions({ ...context, logger, places, handle, target }),
    consumeChunks: (places, handle) => consumeChunks({ ...context, logger, places, handle, target }),
    shadows: new ShadowService({
      version,
      slots,
      isQuiet: () => !context.lifecycle.hasWaiting() && context.calm.isCalm(),
      host: context.runnerHost,
      logger,
      shadow: { ...context, fileFields: files, model: version.model },
      consume: (concurrency, handle) => consumeShadows({ ...context, logger, concurrency, handle, target }),
    }),
    onStateChange,
    onRunnerDied: measured.onRunnerDied,
  })
}
