import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { BatchIndex } from '@augur/core/batches/batch-index'
import { BatchStore } from '@augur/core/batches/batch-store'
import { BatchUploads } from '@augur/core/batches/batch-uploads'
import { ChunkFiles } from '@augur/core/batches/chunk-files'
import { secretsOf } from '@augur/core/config'
import { randomToken } from '@augur/core/ids'
import { ApiKeyStore } from '@augur/core/access/api-key-store'
import { AuditLog } from '@augur/core/access/audit-log'
import { Tickets } from '@augur/core/access/tickets'
import { readMasterKey } from '@augur/core/master-key'
import { CatalogueStore } from '@augur/core/models/catalogue-store'
import { createGuardedAgent } from '@augur/core/outbound/guarded-agent'
import { FileStore } from '@augur/core/files/file-store'
import { createPayloadStore } from '@augur/core/payloads/create-payload-store'
import { Payloads } from '@augur/core/payloads/payloads'
import { PredictionIndex } from '@augur/core/predictions/prediction-index'
import { PredictionStore } from '@augur/core/predictions/prediction-store'
import { OpenPredictions } from '@augur/core/quotas/open-predictions'
import { publicBaseUrl } from '@augur/core/public-base-url'
import { ChunkQueues } from '@augur/core/queue/chunk-queues'
import { DeliveryQueue } from '@augur/core/queue/delivery-queue'
import { PredictionQueues } from '@augur/core/queue/prediction-queues'
import { ShadowQueues } from '@augur/core/queue/shadow-queues'
import { connectPatient } from '@augur/core/redis/connection'
import { createKeys } from '@augur/core/redis/keys'
import { ArmStore } from '@augur/core/rollouts/arm-store'
import { RolloutStore } from '@augur/core/rollouts/rollout-store'
import { ShadowStore } from '@augur/core/shadow/shadow-store'
import { createLogger } from '@augur/core/telemetry/logger'
import { createMetrics } from '@augur/core/telemetry/metrics'
import { startTracing } from '@augur/core/telemetry/tracing'
import { DeadLetters } from '@augur/core/webhooks/dead-letters'
import { DeliveryStore } from '@augur/core/webhooks/delivery-store'
import { WebhookSecrets } from '@augur/core/webhooks/webhook-secrets'
import type { WorkerSettings } from './config.js'
import { FetchedFiles } from './predictions/fetch-ahead.js'
import { createRunnerHost } from './create-runner-host.js'
import { createStaging } from './create-staging.js'
import { CalmMachine } from './shadow/calm-machine.js'
import { ShadowSampler } from './shadow/sample-shadows.js'

/** What a worker process has: built once, handed to everything that needs it. */
export async function createContext(settings: WorkerSettings) {
  const worker = `${hostname()}-${process.pid}-${randomToken().slice(0, 6)}`
  const logger = createLogger('worker', settings.AUGUR_LOG_LEVEL, secretsOf(settings))
  const metrics = createMetrics()
  const dataDir = resolve(settings.AUGUR_DATA_DIR)
  const masterKey = await readMasterKey({ given: settings.AUGUR_MASTER_KEY, dataDir })
  const keys = createKeys(settings.AUGUR_REDIS_PREFIX)
  const redis = connectPatient({ url: settings.REDIS_URL, name: `augur:${worker}`, logger })
  const subscriber = connectPatient({ url: settings.REDIS_URL, name: `augur:${worker}:subscriber`, logger })
  const payloadStore = createPayloadStore(settings, dataDir)
  const dataRetentionMs = settings.AUGUR_DATA_RETENTION_SECONDS * 1000
  const shadowQueues = new ShadowQueues(redis, keys)
  const shadowStore = new ShadowStore(redis, keys)
  const calm = new CalmMachine({ maxCpuPercent: settings.AUGUR_SHADOW_CPU_PERCENT })
  const armStore = new ArmStore(redis, keys)

  return {
    settings,
    worker,
    logger,
    metrics,
    /** Null where no collector is set. */
    tracing: await startTracing(settings, 'augur-worker', logger),
    keys,
    redis,
    subscriber,
    dataRetentionMs,
    publicBaseUrl: publicBaseUrl(settings),
    tickets: new Tickets(masterKey),
    lock: {
      durationMs: settings.AUGUR_LOCK_SECONDS * 1000,
      stalledIntervalMs: settings.AUGUR_LOCK_SECONDS * 500,
      maxLostWorkers: settings.AUGUR_MAX_LOST_WORKERS,
    },
    catalogue: new CatalogueStore(redis, keys),
    index: new PredictionIndex(redis, keys),
    predictions: new PredictionStore(redis, keys, settings.AUGUR_RECORD_RETENTION_SECONDS * 1000),
    payloadStore,
    payloads: new Payloads(
      payloadStore,
      settings.AUGUR_PAYLOAD_INLINE_BYTES,
      settings.AUGUR_OUTPUT_URL_BYTES,
    ),
    files: new FileStore(redis, keys),
    fetched: new FetchedFiles(),
    fetchLimits: {
      maxBytes: settings.AUGUR_MAX_FETCH_BYTES,
      timeoutMs: settings.AUGUR_FETCH_SECONDS * 1000,
    },
    openPredictions: new OpenPredictions(redis, keys),
    queues: new PredictionQueues(redis, keys),
    batches: new BatchStore(redis, keys, settings.AUGUR_RECORD_RETENTION_SECONDS * 1000),
    batchIndex: new BatchIndex(redis, keys),
    batchUploads: new BatchUploads(redis, keys),
    chunkFiles: new ChunkFiles(payloadStore),
    chunkQueues: new ChunkQueues(redis, keys),
    rollouts: new RolloutStore(redis, keys),
    armStore,
    calm,
    shadowQueues,
    shadowStore,
    shadowSampler: new ShadowSampler({
      calm,
      shadowQueues,
      shadowStore,
      metrics,
      logger,
      limit: settings.AUGUR_MAX_SHADOWS,
      now: Date.now,
    }),
    runnerHost: createRunnerHost(settings, logger),
    staging: createStaging(settings),
    deliveries: new DeliveryQueue(redis, keys),
    deliveryStore: new DeliveryStore(redis, keys, dataRetentionMs),
    apiKeys: new ApiKeyStore(redis, keys),
    auditLog: new AuditLog(redis, keys),
    deadLetters: new DeadLetters(redis, keys, dataRetentionMs),
    agent: createGuardedAgent({ mode: settings.AUGUR_MODE, allow: settings.AUGUR_OUTBOUND_ALLOW }),
    webhookSecrets: new WebhookSecrets(redis, keys, masterKey),
    now: Date.now,
  }
}

export type WorkerContext = Awaited<ReturnType<typeof createContext>>
