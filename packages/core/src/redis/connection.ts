import { once } from 'node:events'
import { Redis } from 'ioredis'
import type { Logger } from '../telemetry/logger.js'
import { breakSilentConnection } from './heartbeat.js'
import { joinWrites } from './join-writes.js'

/** Redis could not be asked, or did not answer in time: nothing is known about what it did. */
export function isRedisUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.name === 'MaxRetriesPerRequestError' || error.name === 'ConnectionClosedError') return true
  if (
    /^(LOADING|MISCONF|OOM|READONLY|NOREPLICAS|EXECABORT|CLUSTERDOWN|TRYAGAIN|MASTERDOWN)\b/.test(
      error.message,
    )
  )
    return true
  return /Command timed out|Command aborted|Connection is closed|enableOfflineQueue|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT/.test(
    error.message,
  )
}

export interface ConnectionOptions {
  url: string
  /** Shown by `CLIENT LIST`. */
  name: string
  logger: Logger
}

// The default back-off reaches 20 s, which a server that came back would spend idle.
const retryStrategy = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 5), 1000)

function prepare(redis: Redis, logger: Logger): Redis {
  joinWrites(redis)
  let lastLogAt = 0
  redis.on('error', (error: Error) => {
    // A server that is away emits an error a retry; one line each five seconds says it all.
    if (Date.now() - lastLogAt < 5000) return
    lastLogAt = Date.now()
    logger.warn({ err: error }, 'Redis connection failed')
  })
  return redis
}

/** A connection that refuses at once, or within a second, when Redis is away. For requests that have a caller. */
export function connectFailFast({ url, name, logger }: ConnectionOptions): Redis {
  const redis = new Redis(url, {
    connectionName: name,
    // The name says enough, and not every server knows the command.
    disableClientInfo: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2000,
    // How long a silent server may take to agree to the end of its connection.
    disconnectTimeout: 50,
    // The client's own would reject where nobody listens; who subscribes does it again.
    autoResubscribe: false,
    retryStrategy,
  })
  breakSilentConnection(redis, { intervalMs: 200, missedBeats: 3 })
  return prepare(redis, logger)
}

/** A connection that waits for Redis as long as it takes. For workers, and for subscriptions. */
export function connectPatient({ url, name, logger }: ConnectionOptions): Redis {
  const redis = new Redis(url, {
    connectionName: name,
    disableClientInfo: true,
    maxRetriesPerRequest: null,
    connectTimeout: 2000,
    retryStrategy,
  })
  // A host that vanished says nothing; without this its commands would wait for the network's own time-outs.
  breakSilentConnection(redis, { intervalMs: 1000, missedBeats: 10 })
  return prepare(redis, logger)
}

/** Whether Redis answers now, within the time-out of its connection. */
export async function isAnswering(redis: Redis): Promise<boolean> {
  return redis.ping().then(
    () => true,
    () => false,
  )
}

/** Waits until a new connection can be used, at most so long; being away then is for its callers to meet. */
export async function whenConnected(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return
  await once(redis, 'ready', { signal: AbortSignal.timeout(timeoutMs) }).catch(() => {})
}
