import { decodeDesiredChange, type DesiredModels } from '@augur/core/models/desired-models'
import { repeat } from '@augur/core/repeat'
import type { Logger } from '@augur/core/telemetry/logger'
import type { WorkerContext } from '../context.js'

export interface FollowDesiredOptions {
  desired: DesiredModels
  /** A connection for subscriptions. */
  subscriber: WorkerContext['subscriber']
  /** What was missed while Redis was away is seen by then. */
  everyMs: number
  logger: Logger
  /** Which models nobody is to serve, as of now. */
  onUnloaded(models: ReadonlySet<string>): void
  /** Somebody asks for a model, which may be loaded already. */
  onLoad(model: string): void
}

/** Hears what operators want of models, at once and after each restart. */
export function followDesired(options: FollowDesiredOptions): { stop(): Promise<void> } {
  const { desired, subscriber, logger } = options
  const onError = (error: unknown) => logger.warn({ err: error }, 'desired models could not be read')
  const refresh = async () => options.onUnloaded(await desired.unloaded())
  const onMessage = (channel: string, message: string) => {
    const change = channel === desired.channel ? decodeDesiredChange(message) : undefined
    if (!change) return
    logger.info(change, 'model was asked to change')
    refresh()
      .then(() => change.kind === 'load' && options.onLoad(change.model))
      .catch(onError)
  }
  subscriber.on('message', onMessage)
  subscriber.subscribe(desired.channel).catch(onError)
  const refreshing = repeat(refresh, options.everyMs, onError)
  return {
    async stop() {
      subscriber.off('message', onMessage)
      await refreshing.stop()
    },
  }
}
