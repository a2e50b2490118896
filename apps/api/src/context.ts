import { join, resolve } from 'node:path'
import { ApiKeyStore } from '@augur/core/access/api-key-store'
import { AuditLog } from '@augur/core/access/audit-log'
import { FailedAttempts } from '@augur/core/access/failed-attempts'
import { KeyReader } from '@augur/core/access/key-reader'
import { Tickets } from '@augur/core/access/tickets'
import { IdempotencyKeys } from '@augur/core/idempotency'
import { readMasterKey } from '@augur/core/master-key'
import { CatalogueFollower } from '@augur/core/models/catalogue-follower'
import { CatalogueStore } from '@augur/core/models/catalogue-store'
import { DesiredModels } from '@augur/core/models/desired-models'
import { InputSchemas } from '@augur/core/models/input-schemas'
import { FolderPayloadStore } from '@augur/core/payloads/folder-payload-store'
import { Payloads } from '@augur/core/payloads/payloads'
import { EndedSubscriptions } from '@augur/core/predictions/ended-subscriptions'
import { PredictionIndex } from '@augur/core/predictions/prediction-index'
import { PredictionStore } from '@augur/core/predictions/prediction-store'
import { DeliveryQueue } from '@augur/core/queue/delivery-queue'
import { PredictionQueues } from '@augur/core/queue/prediction-queues'
import { FairTurns } from '@augur/core/quotas/fair-turns'
import { OpenPredictions } from '@augur/core/quotas/open-predictions'
import { RequestRate } from '@augur/core/quotas/request-rate'
import { publicBaseUrl } from '@augur/core/public-base-url'
import { connectFailFast, isAnswering, whenConnected } from '@augur/core/redis/connection'
import { createKeys } from '@augur/core/redis/keys'
import { MemoryFollower } from '@augur/core/redis/memory-follower'
import type { Logger } from '@augur/core/telemetry/logger'
import { createMetrics } from '@augur/core/telemetry/metrics'
import { createSecretDeriver } from '@augur/core/webhooks/webhook-secret'
import type { ApiSettings } from './config.js'
import { readReferencePage } from './operations/reference-page.js'
import { WaitingClients } from './waiting-clients.js'

const followEveryMs = 1000
const firstConnectionMs = 1000

/** What an API process has: built once, handed to everything that needs it. Opens connections, listens to nothing. */
export async function createContext(settings: ApiSettings, logger: Logger) {
  const metrics = createMetrics()
  const dataDir = resolve(settings.AUGUR_DATA_DIR)
  const masterKey = await readMasterKey({ given: settings.AUGUR_MASTER_KEY, dataDir })
  const keys = createKeys(settings.AUGUR_REDIS_PREFIX)
  const redis = connectFailFast({ url: settings.REDIS_URL, name: 'augur:api', logger })
  const subscriber = connectFailFast({ url: settings.REDIS_URL, name: 'augur:api:subscriber', logger })
  const perSecond = settings.AUGUR_MAX_REQUESTS_PER_SECOND
  const recordRetentionMs = settings.AUGUR_RECORD_RETENTION_SECONDS * 1000
  const publicUrl = settings.AUGUR_PUBLIC_URL?.replace(/\/$/, '')
  const payloads = new FolderPayloadStore(join(dataDir, 'payloads'))

  const apiKeys = new ApiKeyStore(redis, keys)
  const catalogue = new CatalogueFollower(new CatalogueStore(redis, keys), logger)
  const memory = new MemoryFollower(redis, settings.AUGUR_REDIS_MAX_BYTES, logger)
  const queues = new PredictionQueues(redis, keys)
  const deliveries = new DeliveryQueue(redis, keys, settings.AUGUR_WEBHOOK_RETRIES.length + 1)
  const openPredictions = new OpenPredictions(redis, keys)
  const turns = new FairTurns({ queues, openPredictions, logger })
  await whenConnected(redis, firstConnectionMs)
  const followers = [catalogue, memory, turns].map((each) => each.follow(followEveryMs))

  return {
    settings,
    logger,
    redis,
    keys,
    metrics,
    catalogue,
    desiredModels: new DesiredModels(redis, keys),
    memory,
    queues,
    deliveries,
    openPredictions,
    turns,
    maxOpenPredictions: settings.AUGUR_MAX_OPEN_PREDICTIONS,
    /** Null where a key may send any number of requests. */
    requestRate: perSecond === 0 ? null : new RequestRate({ redis, keyPrefix: keys.requestRate, perSecond }),
    recordRetentionMs,
    noWorkerGraceMs: settings.AUGUR_NO_WORKER_GRACE_SECONDS * 1000,
    /** Set once the process stops: it is alive then, and no longer ready. */
    stopping: false,
    /** Null where callers name the server themselves. */
    publicUrl: publicUrl ?? null,
    publicBaseUrl: publicBaseUrl(settings),
    outbound: { mode: settings.AUGUR_MODE, allow: settings.AUGUR_OUTBOUND_ALLOW },
    webhookSecretOf: createSecretDeriver(masterKey),
    tickets: new Tickets(masterKey),
    apiKeys,
    keyReader: new KeyReader(apiKeys, Date.now),
    auditLog: new AuditLog(redis, keys),
    failedAttempts: new FailedAttempts({
      redis,
      keyPrefix: keys.failedAttempts,
      perMinute: settings.AUGUR_MAX_FAILED_ATTEMPTS,
    }),
    predictions: new PredictionStore(redis, keys, recordRetentionMs),
    index: new PredictionIndex(redis, keys),
    payloads: new Payloads(payloads, settings.AUGUR_PAYLOAD_INLINE_BYTES),
    idempotency: new IdempotencyKeys(redis, keys),
    subscriptions: new EndedSubscriptions(subscriber, keys),
    inputSchemas: new InputSchemas(),
    waiting: new WaitingClients(metrics.waitingClients),
    referencePage: await readReferencePage(),
    now: Date.now,
    /** By both connections: requests that wait need the subscriptions as well. */
    isRedisAnswering: async () => (await Promise.all([redis, subscriber].map(isAnswering))).every(Boolean),
    async close() {
      await Promise.all(followers.map((follower) => follower.stop()))
      await Promise.all([queues.close(), deliveries.close()])
      redis.disconnect()
      subscriber.disconnect()
    },
  }
}

export type ApiContext = Awaited<ReturnType<typeof createContext>>
