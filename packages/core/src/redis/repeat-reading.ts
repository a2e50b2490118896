import { repeat } from '../repeat.js'
import type { Logger } from '../telemetry/logger.js'
import { isRedisUnavailable } from './connection.js'

/** Reads from Redis again and again. While it is away nothing is said; whatever else goes wrong is logged as `message`. */
export function repeatReading(
  read: () => Promise<void>,
  intervalMs: number,
  { logger, message }: { logger: Logger; message: string },
): { stop(): Promise<void> } {
  return repeat(read, intervalMs, (error) => {
    if (!isRedisUnavailable(error)) logger.error({ err: error }, message)
  })
}
