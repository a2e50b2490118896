import type { Redis } from 'ioredis'
import { repeat } from '../repeat.js'
import type { Logger } from '../telemetry/logger.js'
import { isRedisUnavailable } from './connection.js'
import { readMemoryUse } from './memory.js'

/** Keeps this process's view of how full Redis is at most about a second old. */
export class MemoryFollower {
  private share = 0

  constructor(
    private readonly redis: Redis,
    private readonly maxBytes: number | undefined,
    private readonly logger: Logger,
  ) {}

  /** Share of its memory limit that Redis used last time, 0 to 1 and beyond; 0 before the first reading. */
  get use(): number {
    return this.share
  }

  follow(intervalMs: number): { stop(): Promise<void> } {
    return repeat(
      () => this.refresh(),
      intervalMs,
      (error) => this.logger.error({ err: error }, 'memory use of Redis could not be read'),
    )
  }

  async refresh(): Promise<void> {
    try {
      this.share = await readMemoryUse(this.redis, this.maxBytes)
    } catch (error) {
      if (!isRedisUnavailable(error))
        this.logger.error({ err: error }, 'memory use of Redis could not be read')
    }
  }
}
