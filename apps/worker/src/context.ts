import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { randomToken } from '@augur/core/ids'
import { readMasterKey } from '@augur/core/master-key'
import { CatalogueStore } from '@augur/core/models/catalogue-store'
import { createGuardedAgent } from '@augur/core/outbound/guarded-agent'
import { FolderPayloadStore } from '@augur/core/payloads/folder-payload-store'
import { Payloads } from '@augur/core/payloads/payloads'
import { PredictionIndex } from '@augur/core/predictions/prediction-index'
import { PredictionStore } from '@augur/core/predictions/prediction-store'
import { OpenPredictions } from '@augur/core/quotas/open-predictions'
import { publicBaseUrl } from '@augur/core/public-base-url'
import { DeliveryQueue } from '@augur/core/queue/delivery-queue'
import { PredictionQueues } from '@augur/core/queue/prediction-queues'
import { connectPatient } from '@augur/core/redis/connection'
import { createKeys } from '@augur/core/redis/keys'
import { createLogger } from '@augur/core/telemetry/logger'
import { createMetrics } from '@augur/core/telemetry/metrics'
import { DeliveryStore } from '@augur/core/webhooks/delivery-store'
import { createSecretDeriver } from '@augur/core/webhooks/webhook-secret'
import type { WorkerSettings } from './config.js'
import { createRunnerHost } from './create-runner-host.js'
import { createStaging } from './create-staging.js'

/** What a worker process has: built once, handed to everything that needs it. */
export async function createContext(settings: WorkerSettings) {
  const worker = `${hostname()}-${process.pid}-${randomToken().slice(0, 6)}`
  const logger = createLogger('worker', settings.AUGUR_LOG_LEVEL)
  const metrics = createMetrics()
  const dataDir = resolve(settings.AUGUR_DATA_DIR)
  const masterKey = await readMasterKey({ given: settings.AUGUR_MASTER_KEY, dataDir })
  const secretOf = createSecretDeriver(masterKey)
  const keys = createKeys(settings.AUGUR_REDIS_PREFIX)
  const redis = connectPatient({ url: settings.REDIS_URL, name: `augur:${worker}`, logger })
  const subscriber = connectPatient({ url: settings.REDIS_URL, name: `augur:${worker}:subscriber`, logger })
  const dataRetentionMs = settings.AUGUR_DATA_RETENTION_SECONDS * 1000

  return {
    settings,
    worker,
    logger,
    metrics,
    keys,
    redis,
    subscriber,
    dataRetentionMs,
    publicBaseUrl: publicBaseUrl(settings),
    lock: {
      durationMs: settings.AUGUR_LOCK_SECONDS * 1000,
      stalledIntervalMs: settings.AUGUR_LOCK_SECONDS * 500,
      maxLostWorkers: settings.AUGUR_MAX_LOST_WORKERS,
    },
    catalogue: new CatalogueStore(redis, keys),
    index: new PredictionIndex(redis, keys),
    predictions: new PredictionStore(redis, keys, settings.AUGUR_RECORD_RETENTION_SECONDS * 1000),
    payloads: new Payloads(
      new FolderPayloadStore(join(dataDir, 'payloads')),
      settings.AUGUR_PAYLOAD_INLINE_BYTES,
    ),
    openPredictions: new OpenPredictions(redis, keys),
    queues: new PredictionQueues(redis, keys),
    runnerHost: createRunnerHost(settings, logger),
    staging: createStaging(settings),
    deliveries: new DeliveryQueue(redis, keys, settings.AUGUR_WEBHOOK_RETRIES.length + 1),
    deliveryStore: new DeliveryStore(redis, keys, dataRetentionMs),
    agent: createGuardedAgent({ mode: settings.AUGUR_MODE, allow: settings.AUGUR_OUTBOUND_ALLOW }),
    webhookSecrets: (tenant: string) => [secretOf(tenant)],
    now: Date.now,
  }
}

export type WorkerContext = Awaited<ReturnType<typeof createContext>>
