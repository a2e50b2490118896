import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { modelTag } from '@augur/core/ids'
import { readModelRepository } from '@augur/core/models/model-repository'
import type { LocalVersion } from '@augur/core/models/version'
import { consumePredictions } from '@augur/core/queue/prediction-consumer'
import { repeat } from '@augur/core/repeat'
import { StartupError } from '@augur/core/startup-error'
import type { WorkerContext } from './context.js'
import { CancelPolicy } from './predictions/cancel-policy.js'
import type { MicroBatchContext } from './predictions/run-micro-batch.js'
import { VersionService } from './predictions/version-service.js'
import { RunSlots } from './run-slots.js'

/** How often a worker says that it lives; its presence runs out after five of these. */
const announceMs = 1000

export interface PredictionRole {
  /** Why not every version is being served, or null. */
  notReady(): string | null
  stop(): Promise<void>
}

/** The role `predictions`: loads the versions of the model repository and serves their queues. */
export async function servePredictions(context: WorkerContext): Promise<PredictionRole> {
  const versions = await readVersions(context)
  await Promise.all(versions.map((version) => context.catalogue.publish(version, context.now())))
  const slots = new RunSlots(context.settings.AUGUR_RUN_SLOTS || availableParallelism())
  const services = new Map(versions.map((version) => [version, createService(context, version, slots)]))
  const presence = () => ({
    worker: context.worker,
    versions: [...services].map(([{ id }, { state }]) => ({ id, state: state.status, reason: state.reason })),
  })
  await listenForCancellations(context, services)
  for (const service of services.values()) service.start()
  const announcing = repeat(
    () => context.catalogue.announce(presence()),
    announceMs,
    (error) => context.logger.warn({ err: error }, 'presence could not be announced'),
  )

  return {
    notReady() {
      const waiting = [...services].filter(([, { state }]) => state.status !== 'ready')
      return waiting.length === 0
        ? null
        : waiting.map(([v, { state }]) => `${v.model}:${v.label} is ${state.status}`).join(', ')
    },
    async stop() {
      await announcing.stop()
      const graceMs = context.settings.AUGUR_GRACE_SECONDS * 1000
      const stopping = [...services.values()].map((service) => service.stop(graceMs))
      // Without it the presence runs out by itself.
      await context.catalogue.withdraw(context.worker).catch(() => {})
      await Promise.all(stopping)
    },
  }
}

async function readVersions({ settings, logger }: WorkerContext): Promise<LocalVersion[]> {
  const folder = resolve(settings.AUGUR_MODELS_DIR)
  const { versions, problems } = await readModelRepository(folder)
  for (const problem of problems) logger.error(problem, 'version left out')
  const wanted = settings.AUGUR_MODELS
  const served = versions.filter(
    ({ model }) =>
      wanted.length === 0 || wanted.includes(model) || wanted.includes(model.replace(/^augur\//, '')),
  )
  if (served.length === 0) {
    throw new StartupError(
      `No model to serve in ${folder}: AUGUR_MODELS_DIR and AUGUR_MODELS say where and which.`,
    )
  }
  return served
}

function createService(context: WorkerContext, version: LocalVersion, slots: RunSlots): VersionService {
  const { model, label } = version
  const logger = context.logger.child({ model, label })
  return new VersionService({
    version,
    slots,
    logger,
    microBatch: measured(context, version),
    cancelPolicy: new CancelPolicy({ minRunMs: 1000, pauseMs: 10_000, now: () => performance.now() }),
    runnerHeapMb: context.settings.AUGUR_RUNNER_HEAP_MB,
    consume: (concurrency, handle) =>
      consumePredictions({ ...context, logger, concurrency, handle, target: { model, version: version.id } }),
    onStateChange: ({ status, reason }) => {
      logger.info({ status, reason }, 'version changed state')
    },
  })
}

/** What a micro-batch needs, with this version's share of the metrics. */
function measured(context: WorkerContext, { model, label }: LocalVersion): MicroBatchContext {
  const { metrics } = context
  const runSeconds = metrics.runSeconds.labels({ model, label })
  const running = metrics.running.labels({ model, label })
  const batchSize = metrics.microBatchSize.labels({ model, label })
  const predictionSeconds = metrics.predictionSeconds.labels({ model, label })
  return {
    ...context,
    onRun(size) {
      const stopTimer = runSeconds.startTimer()
      running.inc()
      batchSize.observe(size)
      return (outcome) => {
        stopTimer()
        running.dec()
        metrics.runs.inc({ model, label, outcome })
      }
    },
    onEnd({ createdAt }, { status, completedAt }) {
      metrics.predictions.inc({ model, label, status })
      predictionSeconds.observe(Math.max(0, completedAt - createdAt) / 1000)
    },
  }
}

/** Workers hear of every cancelled prediction of a model, since any of them may be the one that runs it. */
async function listenForCancellations(
  context: WorkerContext,
  services: Map<LocalVersion, VersionService>,
): Promise<void> {
  const { keys, subscriber } = context
  const channels = new Set([...services.keys()].map(({ model }) => keys.canceledChannel(modelTag(model))))
  subscriber.on('message', (_channel: string, id: string) => {
    for (const service of services.values()) service.cancel(id)
  })
  await subscriber.subscribe(...channels)
}
