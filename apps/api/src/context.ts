import { resolve } from 'node:path'
import { ApiKeyStore } from '@augur/core/access/api-key-store'
import { AuditLog } from '@augur/core/access/audit-log'
import { FailedAttempts } from '@augur/core/access/failed-attempts'
import { KeyReader } from '@augur/core/access/key-reader'
import { Tickets } from '@augur/core/access/tickets'
import { BatchIndex } from '@augur/core/batches/batch-index'
import { BatchStore } from '@augur/core/batches/batch-store'
import { BatchUploads } from '@augur/core/batches/batch-uploads'
import { ChunkFiles } from '@augur/core/batches/chunk-files'
import { IdempotencyKeys } from '@augur/core/idempotency'
import { readMasterKey } from '@augur/core/master-key'
import { CatalogueFollower } from '@augur/core/models/catalogue-follower'
import { CatalogueStore } from '@augur/core/models/catalogue-store'
import { DesiredModels } from '@augur/core/models/desired-models'
import { InputSchemas } from '@augur/core/models/input-schemas'
import { FileStore } from '@augur/core/files/file-store'
import { createPayloadStore } from '@augur/core/payloads/create-payload-store'
import { Payloads } from '@augur/core/payloads/payloads'
import { EndedSubscriptions } from '@augur/core/predictions/ended-subscriptions'
import { NewPredictions } from '@augur/core/predictions/new-predictions'
import { PredictionIndex } from '@augur/core/predictions/prediction-index'
import { PredictionStore } from '@augur/core/predictions/prediction-store'
import { ChunkQueues } from '@augur/core/queue/chunk-queues'
import { DeliveryQueue } from '@augur/core/queue/delivery-queue'
import { PredictionQueues } from '@augur/core/queue/prediction-queues'
import { ShadowQueues } from '@augur/core/queue/shadow-queues'
import { QueueDepths } from '@augur/core/queue/queue-depths'
import { QueueStates } from '@augur/core/queue/queue-states'
import { FairTurns } from '@augur/core/quotas/fair-turns'
import { OpenPredictions } from '@augur/core/quotas/open-predictions'
import { RequestRate } from '@augur/core/quotas/request-rate'
import { publicBaseUrl } from '@augur/core/public-base-url'
import { ArmStore } from '@augur/core/rollouts/arm-store'
import { RolloutStore } from '@augur/core/rollouts/rollout-store'
import { ReplayStore } from '@augur/core/shadow/replay-store'
import { ShadowStore } from '@augur/core/shadow/shadow-store'
import { VerificationStore } from '@augur/core/verification/verification-store'
import { connectFailFast, isAnswering, whenConnected } from '@augur/core/redis/connection'
import { createKeys } from '@augur/core/redis/keys'
import { MemoryFollower } from '@augur/core/redis/memory-follower'
import type { Logger } from '@augur/core/telemetry/logger'
import { createMetrics } from '@augur/core/telemetry/metrics'
import { startTracing } from '@augur/core/telemetry/tracing'
import { DeadLetters } from '@augur/core/webhooks/dead-letters'
import { DeliveryStore } from '@augur/core/webhooks/delivery-store'
import { WebhookSecrets } from '@augur/core/webhooks/webhook-secrets'
import type { ApiSettings } from './config.js'
import { readReferencePage } from './operations/reference-page.js'
import { readPlayground } from './playground/read-playground.js'
import { ByteBudget } from './sse/byte-budget.js'
import { StreamClients } from './sse/stream-clients.js'
import { WaitingClients } from './waiting-clients.js'

/** Changes of a rollout are to be known everywhere within a second. */
const followEveryMs = 500
const firstConnectionMs = 1000

/** What an API process has: built once, handed to everything that needs it. Opens connections, listens to nothing. */
export async function createContext(settings: ApiSettings, logger: Logger) {
  const metrics = createMetrics()
  const tracing = await startTracing(settings, 'augur-api', logger)
  const dataDir = resolve(settings.AUGUR_DATA_DIR)
  const masterKey = await readMasterKey({ given: settings.AUGUR_MASTER_KEY, dataDir })
  const keys = createKeys(settings.AUGUR_REDIS_PREFIX)
  const redis = connectFailFast({ url: settings.REDIS_URL, name: 'augur:api', logger })
  const subscriber = connectFailFast({ url: settings.REDIS_URL, name: 'augur:api:subscriber', logger })
  const recordRetentionMs = settings.AUGUR_RECORD_RETENTION_SECONDS * 1000
  const dataRetentionMs = settings.AUGUR_DATA_RETENTION_SECONDS * 1000
  const publicUrl = settings.AUGUR_PUBLIC_URL?.replace(/\/$/, '')
  const payloadStore = createPayloadStore(settings, dataDir)
  const jsonLimits = { maxDepth: settings.AUGUR_MAX_JSON_DEPTH, maxValues: settings.AUGUR_MAX_JSON_VALUES }

  const apiKeys = new ApiKeyStore(redis, keys)
  const catalogueStore = new CatalogueStore(redis, keys)
  const catalogue = new CatalogueFollower(catalogueStore, logger)
  const memory = new MemoryFollower(redis, settings.AUGUR_REDIS_MAX_BYTES, logger)
  const queues = new PredictionQueues(redis, keys)
  const chunkQueues = new ChunkQueues(redis, keys)
  const shadowQueues = new ShadowQueues(redis, keys)
  const deliveries = new DeliveryQueue(redis, keys)
  const openPredictions = new OpenPredictions(redis, keys)
  const turns = new FairTurns({ queues, openPredictions, logger })
  const predictions = new PredictionStore(redis, keys, recordRetentionMs)
  const index = new PredictionIndex(redis, keys)
  const queueStates = new QueueStates({ queues, predictions, logger })
  const queueDepths = new QueueDepths({ redis, keys, most: settings.AUGUR_MAX_OPEN_PER_VERSION, logger })
  await whenConnected(redis, firstConnectionMs)
  const followers = [catalogue, memory, turns, queueStates, queueDepths].map((each) =>
    each.follow(followEveryMs),
  )

  return {
    settings,
    logger,
    redis,
    keys,
    metrics,
    /** Null where no collector is set. */
    tracing,
    catalogueStore,
    catalogue,
    desiredModels: new DesiredModels(redis, keys),
    rollouts: new RolloutStore(redis, keys),
    verifications: new VerificationStore(redis, keys),
    armStore: new ArmStore(redis, keys),
    shadowQueues,
    shadowStore: new ShadowStore(redis, keys),
    replays: new ReplayStore(redis, keys),
    memory,
    queues,
    deliveries,
    openPredictions,
    turns,
    maxOpenPredictions: settings.AUGUR_MAX_OPEN_PREDICTIONS,
    requestRate: new RequestRate({ redis, keyPrefix: keys.requestRate }),
    recordRetentionMs,
    noWorkerGraceMs: settings.AUGUR_SCALE_TO_ZERO ? Infinity : settings.AUGUR_NO_WORKER_GRACE_SECONDS * 1000,
    /** Set once the process stops: it is alive then, and no longer ready. */
    stopping: false,
    /** Null where callers name the server themselves. */
    publicUrl: publicUrl ?? null,
    publicBaseUrl: publicBaseUrl(settings),
    outbound: { mode: settings.AUGUR_MODE, allow: settings.AUGUR_OUTBOUND_ALLOW },
    webhookSecrets: new WebhookSecrets(redis, keys, masterKey),
    deliveryStore: new DeliveryStore(redis, keys, dataRetentionMs),
    deadLetters: new DeadLetters(redis, keys, dataRetentionMs),
    tickets: new Tickets(masterKey),
    apiKeys,
    keyReader: new KeyReader(apiKeys, Date.now),
    auditLog: new AuditLog(redis, keys, settings.AUGUR_MAX_AUDIT_ENTRIES),
    failedAttempts: new FailedAttempts({
      redis,
      keyPrefix: keys.failedAttempts,
      perMinute: settings.AUGUR_MAX_FAILED_ATTEMPTS,
    }),
    predictions,
    queueStates,
    queueDepths,
    index,
    newPredictions: new NewPredictions({ predictions, index, openPredictions, queues }),
    payloadStore,
    batches: new BatchStore(redis, keys, recordRetentionMs),
    batchIndex: new BatchIndex(redis, keys),
    batchUploads: new BatchUploads(redis, keys),
    chunkFiles: new ChunkFiles(payloadStore),
    chunkQueues,
    jsonLimits,
    bodyLimits: { maxBytes: settings.AUGUR_MAX_BODY_BYTES, ...jsonLimits },
    maxBatchLines: settings.AUGUR_MAX_BATCH_LINES,
    maxOpenBatches: settings.AUGUR_MAX_OPEN_BATCHES,
    files: new FileStore(redis, keys),
    fileLimits: {
      maxBytes: settings.AUGUR_MAX_FILE_BYTES,
      maxFiles: settings.AUGUR_MAX_FILES,
      maxTotalBytes: settings.AUGUR_MAX_FILES_BYTES,
      types: settings.AUGUR_FILE_TYPES,
      retentionMs: settings.AUGUR_FILE_RETENTION_SECONDS * 1000,
    },
    payloads: new Payloads(
      payloadStore,
      settings.AUGUR_PAYLOAD_INLINE_BYTES,
      settings.AUGUR_OUTPUT_URL_BYTES,
    ),
    idempotency: new IdempotencyKeys(redis, keys),
    subscriptions: new EndedSubscriptions(subscriber, keys),
    inputSchemas: new InputSchemas({ maxTensorElements: settings.AUGUR_MAX_TENSOR_ELEMENTS }),
    waiting: new WaitingClients(metrics.waitingClients, {
      total: settings.AUGUR_MAX_WAITING,
      perTenant: settings.AUGUR_MAX_TENANT_WAITING,
    }),
    streamBytes: new ByteBudget(settings.AUGUR_MAX_STREAM_BYTES),
    streams: new StreamClients(
      { total: settings.AUGUR_MAX_STREAMS, perTenant: settings.AUGUR_MAX_TENANT_STREAMS },
      metrics.openStreams,
    ),
    referencePage: await readReferencePage(),
    playground: await readPlayground(),
    now: Date.now,
    /** By both connections: requests that wait need the subscriptions as well. */
    isRedisAnswering: async () => (await Promise.all([redis, subscriber].map(isAnswering))).every(Boolean),
    async close() {
      await Promise.all(followers.map((follower) => follower.stop()))
      await Promise.all([queues.close(), chunkQueues.close(), shadowQueues.close(), deliveries.close()])
      redis.disconnect()
      subscriber.disconnect()
    },
  }
}

export type ApiContext = Awaited<ReturnType<typeof createContext>>
