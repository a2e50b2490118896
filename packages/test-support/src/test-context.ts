import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Tickets } from '@augur/core/access/tickets'
import { FileStore } from '@augur/core/files/file-store'
import { BatchIndex } from '@augur/core/batches/batch-index'
import { BatchStore } from '@augur/core/batches/batch-store'
import { BatchUploads } from '@augur/core/batches/batch-uploads'
import { ChunkFiles } from '@augur/core/batches/chunk-files'
import { IdempotencyKeys } from '@augur/core/idempotency'
import { modelTag, randomToken } from '@augur/core/ids'
import { InputSchemas } from '@augur/core/models/input-schemas'
import type { ModelVersion } from '@augur/core/models/version'
import { FolderPayloadStore } from '@augur/core/payloads/folder-payload-store'
import { Payloads } from '@augur/core/payloads/payloads'
import { NewPredictions } from '@augur/core/predictions/new-predictions'
import { PredictionIndex } from '@augur/core/predictions/prediction-index'
import { PredictionStore } from '@augur/core/predictions/prediction-store'
import { FairTurns } from '@augur/core/quotas/fair-turns'
import { OpenPredictions } from '@augur/core/quotas/open-predictions'
import { ChunkQueues } from '@augur/core/queue/chunk-queues'
import { DeliveryQueue } from '@augur/core/queue/delivery-queue'
import { PredictionQueues } from '@augur/core/queue/prediction-queues'
import { ShadowQueues } from '@augur/core/queue/shadow-queues'
import { connectPatient } from '@augur/core/redis/connection'
import { createKeys } from '@augur/core/redis/keys'
import { createLogger } from '@augur/core/telemetry/logger'
import { DeadLetters } from '@augur/core/webhooks/dead-letters'
import { DeliveryStore } from '@augur/core/webhooks/delivery-store'
import { redisUrl, roleUrl } from './redis-url.js'

const hour = 3_600_000

/** A version that exists in tests only; its queue and records are real. */
export const testVersion: ModelVersion = {
  id: 'ab'.repeat(32),
  model: 'augur/test',
  label: '1',
  manifest: {
    description: '',
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 3] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['N', 3] }],
    pipeline: { name: 'tensors' },
    files: [{ path: 'model.onnx', sha256: '0'.repeat(64) }],
    serving: { instances: 1, threads: 1, timeoutSeconds: 30, batching: { maxSize: 1, maxDelayMs: 0 } },
  },
}

/**
 * Everything of core on the run's Redis, under a prefix of its own and with a clock that the test turns.
 * `close` removes what was written.
 */
export async function createTestContext(options: { inlineBytes?: number; url?: string } = {}) {
  const prefix = `test-${randomToken()}`
  const keys = createKeys(prefix)
  const logger = createLogger('test', 'fatal')
  const redis = connectPatient({ url: options.url ?? redisUrl(), name: prefix, logger })
  // What is under test may do less than the test itself, where Redis has users.
  const ownUrl = options.url ?? roleUrl('product')
  const own =
    ownUrl === (options.url ?? redisUrl()) ? redis : connectPatient({ url: ownUrl, name: prefix, logger })
  const folder = await mkdtemp(join(tmpdir(), 'augur-test-'))
  const payloadStore = new FolderPayloadStore(folder)
  const clock = { now: Date.now() }
  const queues = new PredictionQueues(own, keys)
  const chunkQueues = new ChunkQueues(own, keys)
  const shadowQueues = new ShadowQueues(own, keys)
  const deliveries = new DeliveryQueue(own, keys)
  const openPredictions = new OpenPredictions(own, keys)
  const predictions = new PredictionStore(own, keys, 7 * 24 * hour)
  const index = new PredictionIndex(own, keys)
  return {
    prefix,
    keys,
    logger,
    redis,
    folder,
    clock,
    now: () => clock.now,
    queues,
    batches: new BatchStore(own, keys, 7 * 24 * hour),
    batchIndex: new BatchIndex(own, keys),
    batchUploads: new BatchUploads(own, keys),
    chunkFiles: new ChunkFiles(payloadStore),
    chunkQueues,
    shadowQueues,
    maxOpenBatches: 0,
    maxBatchLines: 50_000,
    inputSchemas: new InputSchemas(),
    deliveries,
    openPredictions,
    turns: new FairTurns({ queues, openPredictions, logger }),
    maxOpenPredictions: 0,
    tag: modelTag(testVersion.model),
    target: { model: testVersion.model, version: testVersion.id },
    tenant: 'default',
    keyId: null,
    recordRetentionMs: 7 * 24 * hour,
    publicBaseUrl: 'http://augur.test/api/v1',
    tickets: new Tickets(randomBytes(32)),
    predictions,
    index,
    newPredictions: new NewPredictions({ predictions, index, openPredictions, queues }),
    payloadStore,
    payloads: new Payloads(payloadStore, options.inlineBytes ?? 65_536),
    files: new FileStore(own, keys),
    deliveryStore: new DeliveryStore(own, keys, 24 * hour),
    deadLetters: new DeadLetters(own, keys, 24 * hour),
    idempotency: new IdempotencyKeys(own, keys),
    async close() {
      await Promise.all([queues.close(), chunkQueues.close(), shadowQueues.close(), deliveries.close()])
      const written = await redis.keys(`${prefix}:*`)
      // One by one: in a cluster they are of many slots.
      await Promise.all(written.map((key) => redis.del(key)))
      redis.disconnect()
      own.disconnect()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type TestContext = Awaited<ReturnType<typeof createTestContext>>
