import { modelTag } from '../ids.js'
import type { VersionId } from '../models/version.js'
import type { PredictionStore } from '../predictions/prediction-store.js'
import { isRedisUnavailable } from '../redis/connection.js'
import { repeatReading } from '../redis/repeat-reading.js'
import type { Logger } from '../telemetry/logger.js'
import type { PredictionQueues } from './prediction-queues.js'
import type { QueueTarget } from './version-queues.js'

/** What the rate of a queue is measured over. */
const windowMs = 60_000
/** Refreshes after which a queue that nobody asked about is forgotten. */
const mostIdle = 60

export interface QueueState {
  /** An operator holds it: nothing is taken out of it. */
  isPaused: boolean
  /** Predictions that were run to an end, a second, over the last minute; null while none was seen. */
  ranPerSecond: number | null
}

interface Sample {
  /** By `performance.now()`. */
  atMs: number
  ran: number
}

interface Followed {
  target: QueueTarget
  isPaused: boolean
  /** Oldest first. */
  samples: Sample[]
  idle: number
}

interface QueueStatesOptions {
  queues: Pick<PredictionQueues, 'isPaused'>
  predictions: Pick<PredictionStore, 'ran'>
  logger: Logger
}

/** How queues move, known to about a second; only those that were asked about lately are looked at. */
export class QueueStates {
  private readonly followed = new Map<VersionId, Followed>()

  constructor(private readonly options: QueueStatesOptions) {}

  /** Asks Redis only about a queue that was not asked about lately; while Redis is away, that one is unknown. */
  async of(target: QueueTarget): Promise<QueueState> {
    const known = this.followed.get(target.version)
    const followed = known ?? { target, isPaused: false, samples: [], idle: 0 }
    followed.idle = 0
    if (!known) {
      await this.read(followed).catch(ignoreUnavailable)
      this.followed.set(target.version, followed)
    }
    return { isPaused: followed.isPaused, ranPerSecond: rateOf(followed.samples) }
  }

  follow(intervalMs: number): { stop(): Promise<void> } {
    const message = 'the state of queues could not be read'
    return repeatReading(() => this.refresh(), intervalMs, { logger: this.options.logger, message })
  }

  async refresh(): Promise<void> {
    const reading = [...this.followed].map(async ([version, followed]) => {
      if (followed.idle++ >= mostIdle) this.followed.delete(version)
      else await this.read(followed)
    })
    await Promise.all(reading)
  }

  private async read(followed: Followed): Promise<void> {
    const { model, version } = followed.target
    const [isPaused, ran] = await Promise.all([
      this.options.queues.isPaused(followed.target),
      this.options.predictions.ran(modelTag(model), version),
    ])
    const atMs = performance.now()
    followed.isPaused = isPaused
    followed.samples = [...followed.samples.filter((sample) => sample.atMs > atMs - windowMs), { atMs, ran }]
  }
}

function rateOf(samples: readonly Sample[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)]
  if (!first || !last || last.ran <= first.ran) return null
  return ((last.ran - first.ran) * 1000) / (last.atMs - first.atMs)
}

function ignoreUnavailable(error: unknown): void {
  if (!isRedisUnavailable(error)) throw error
}
