import type { Redis } from 'ioredis'
import { modelTag } from '../ids.js'
import type { VersionId } from '../models/version.js'
import { repeatReading } from '../redis/repeat-reading.js'
import type { Keys } from '../redis/keys.js'
import type { Logger } from '../telemetry/logger.js'
import type { QueueTarget } from './version-queues.js'

/** Refreshes after which a version that nobody asked about is forgotten. */
const mostIdle = 60

interface Followed {
  target: QueueTarget
  /** Predictions that had not ended at the last reading. */
  open: number
  /** Admitted by this process since. */
  admitted: number
  idle: number
}

interface QueueDepthsOptions {
  redis: Redis
  keys: Keys
  /** Most predictions of one version that may wait and run; 0: any number. */
  most: number
  logger: Logger
}

/**
 * How many predictions of a version have not ended, known to about a second: whoever submits waits for no answer of
 * Redis. What other processes admit meanwhile comes on top, so the limit may be exceeded by what they take in that time.
 */
export class QueueDepths {
  private readonly followed = new Map<VersionId, Followed>()

  constructor(private readonly options: QueueDepthsOptions) {}

  /** Takes a place in the queue of this version. Returns whether there was one. */
  admit(target: QueueTarget): boolean {
    const { most } = this.options
    if (most === 0) return true
    const followed = this.followed.get(target.version) ?? this.begin(target)
    followed.idle = 0
    if (followed.open + followed.admitted >= most) return false
    followed.admitted++
    return true
  }

  follow(intervalMs: number): { stop(): Promise<void> } {
    const message = 'the depth of queues could not be read'
    return repeatReading(() => this.refresh(), intervalMs, { logger: this.options.logger, message })
  }

  async refresh(): Promise<void> {
    const reading = [...this.followed].map(async ([version, followed]) => {
      if (followed.idle++ >= mostIdle) this.followed.delete(version)
      else await this.read(followed)
    })
    await Promise.all(reading)
  }

  private begin(target: QueueTarget): Followed {
    const followed = { target, open: 0, admitted: 0, idle: 0 }
    this.followed.set(target.version, followed)
    return followed
  }

  private async read(followed: Followed): Promise<void> {
    const { redis, keys } = this.options
    const { model, version } = followed.target
    followed.open = await redis.zcard(keys.open(modelTag(model), version))
    followed.admitted = 0
  }
}
