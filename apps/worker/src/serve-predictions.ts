import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { modelTag } from '@augur/core/ids'
import { DesiredModels } from '@augur/core/models/desired-models'
import { VerificationStore } from '@augur/core/verification/verification-store'
import type { WorkerContext } from './context.js'
import { type Announcing, announcePresence } from './lifecycle/announce-presence.js'
import { followDesired } from './lifecycle/follow-desired.js'
import { holdVersion } from './lifecycle/hold-version.js'
import { ModelLifecycle } from './lifecycle/model-lifecycle.js'
import { PublishedVerifications } from './lifecycle/publish-verifications.js'
import { RepositoryScanner } from './lifecycle/repository-scanner.js'
import { sweepStagedVersions } from './lifecycle/sweep-staged-versions.js'
import { RepositoryWatch } from './lifecycle/watch-repository.js'
import { measureServed } from './measure.js'
import { RunSlots } from './run-slots.js'
import { followShadowed } from './shadow/follow-shadowed.js'

export interface PredictionRole {
  /** Why no predictions are served, or null. */
  notReady(): string | null
  stop(): Promise<void>
}

export interface LifecycleTiming {
  /** How long a folder must stay as it is before it is taken for complete. */
  settleMs: number
  /** From the news of a change to the look at it. */
  debounceMs: number
  /** How long a version that goes is served at least: APIs learn of a change within about two seconds. */
  lingerMs: number
}

const usualTiming: LifecycleTiming = { settleMs: 1000, debounceMs: 300, lingerMs: 5000 }

/** The role `predictions`: serves what the model repository holds, and follows its changes. */
export function servePredictions(context: WorkerContext, timing = usualTiming): PredictionRole {
  const { settings, logger, worker, catalogue } = context
  const slots = new RunSlots(settings.AUGUR_RUN_SLOTS || availableParallelism())
  const lifecycle: ModelLifecycle = new ModelLifecycle({
    worker,
    dir: resolve(settings.AUGUR_MODELS_DIR),
    covers: settings.AUGUR_MODELS,
    logger,
    now: context.now,
    hold: (wanted, isHandedOver) => {
      listenForCancellations(wanted.found.model)
      return holdVersion({ ...context, ...timing, slots, lifecycle }, wanted, isHandedOver)
    },
    onChange: () => {
      measureServed(context.metrics, lifecycle.presence().versions)
      announcing.soon()
    },
  })
  const announcing: Announcing = announcePresence({
    catalogue,
    worker,
    logger,
    presence: () => lifecycle.presence(),
  })
  const listenForCancellations = cancelListener(context, (id) => lifecycle.cancel(id))
  const following = follow({ ...context, ...timing }, lifecycle)
  const sweeping = sweepStagedVersions(context)
  const shadowing = followShadowed({
    ...context,
    held: () => lifecycle.held(),
    onShadowed: (versions) => lifecycle.shadowed(versions),
  })

  return {
    notReady: () => lifecycle.notReady(),
    async stop() {
      const stopping = lifecycle.stop(settings.AUGUR_GRACE_SECONDS * 1000)
      await Promise.all([following.stop(), sweeping.stop(), shadowing.stop(), announcing.stop(), stopping])
      await context.shadowSampler.stop()
    },
  }
}

/** Keeps the lifecycle informed of the repository and of what operators want. */
function follow(
  context: WorkerContext & LifecycleTiming,
  lifecycle: ModelLifecycle,
): { stop(): Promise<void> } {
  const { settings, logger, redis, keys, subscriber, staging, settleMs, debounceMs } = context
  const dir = resolve(settings.AUGUR_MODELS_DIR)
  const rescanMs = settings.AUGUR_MODELS_RESCAN_SECONDS * 1000
  const verifications = new PublishedVerifications({
    logger,
    verifications: new VerificationStore(redis, keys),
  })
  const watch = new RepositoryWatch({
    dir,
    scanner: new RepositoryScanner({ dir, limits: staging.limits, settleMs, now: () => performance.now() }),
    rescanMs,
    debounceMs,
    onScan: (scan) => {
      lifecycle.scanned(scan)
      void verifications.scanned(scan.versions)
    },
    onError: (error) => lifecycle.scanFailed(error),
  })
  const following = followDesired({
    desired: new DesiredModels(redis, keys),
    subscriber,
    everyMs: rescanMs,
    logger,
    onUnloaded: (models) => lifecycle.desired(models),
    onLoad(model) {
      lifecycle.retry(model)
      watch.rescan()
    },
  })
  watch.start()
  return {
    async stop() {
      watch.stop()
      await following.stop()
    },
  }
}

/** Workers hear of every cancelled prediction of a model, since any of them may be the one that runs it. */
function cancelListener({ keys, subscriber, logger }: WorkerContext, cancel: (id: string) => void) {
  const channels = new Set<string>()
  subscriber.on('message', (channel: string, id: string) => {
    if (channels.has(channel)) cancel(id)
  })
  return (model: string) => {
    const channel = keys.canceledChannel(modelTag(model))
    if (channels.has(channel)) return
    channels.add(channel)
    subscriber
      .subscribe(channel)
      .catch((error: unknown) => logger.error({ err: error, model }, 'cancellations are not heard'))
  }
}
