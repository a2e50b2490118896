import { Tickets } from '@augur/core/access/tickets'
import { modelTag, newPredictionId, randomToken } from '@augur/core/ids'
import { readMasterKey } from '@augur/core/master-key'
import { CatalogueStore } from '@augur/core/models/catalogue-store'
import type { ModelVersion } from '@augur/core/models/version'
import { FolderPayloadStore } from '@augur/core/payloads/folder-payload-store'
import { Payloads } from '@augur/core/payloads/payloads'
import { finishPredictions } from '@augur/core/predictions/finish-predictions'
import type { Ending, Prediction } from '@augur/core/predictions/prediction'
import { plainTerms } from '@augur/test-support/plain-terms'
import { PredictionStore } from '@augur/core/predictions/prediction-store'
import { DeliveryQueue } from '@augur/core/queue/delivery-queue'
import { OpenPredictions } from '@augur/core/quotas/open-predictions'
import { PredictionQueues } from '@augur/core/queue/prediction-queues'
import { auditVersion } from '@augur/core/reconciler/audit'
import { createKeys, type Keys } from '@augur/core/redis/keys'
import { DeliveryStore } from '@augur/core/webhooks/delivery-store'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { startWebhookReceiver, type WebhookReceiver } from '@augur/test-support/webhook-receiver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GatedRepository, gatedRepository, submitGated } from './support/gated.js'
import { allEnded, ended, read } from './support/predictions.js'
import { until } from './support/until.js'

const hour = 3_600_000
const tag = modelTag('augur/gated')
const masterKey = 'a key that the stack and this test share'

let models: GatedRepository
let stack: TestStack
let receiver: WebhookReceiver
let redis: ReturnType<TestStack['connectRedis']>
let keys: Keys
let predictions: PredictionStore
let queues: PredictionQueues
/** Announces to nobody. */
let unheard: DeliveryQueue
let version: ModelVersion
beforeAll(async () => {
  models = await gatedRepository()
  receiver = await startWebhookReceiver()
  const env = { AUGUR_RECONCILE_GRACE_SECONDS: '1', AUGUR_MASTER_KEY: masterKey }
  stack = await startTestStack({ modelsDir: models.dir, env })
  redis = stack.connectRedis()
  keys = createKeys(stack.prefix)
  predictions = new PredictionStore(redis, keys, hour)
  queues = new PredictionQueues(redis, keys)
  unheard = new DeliveryQueue(redis, createKeys(`${stack.prefix}-unheard`))
  const [published] = (await new CatalogueStore(redis, keys).read()).versions
  if (!published) throw new Error('the worker published no version')
  version = published
  // What follows is what processes left behind that died between two steps: nobody mends it before all is in place.
  await stack.workers[0]?.end('SIGTERM')
})
afterAll(async () => {
  await Promise.all([queues?.close(), unheard?.close()])
  redis?.disconnect()
  await stack?.stop()
  await receiver?.close()
  await models?.remove()
})

const target = () => ({ model: version.model, version: version.id })

/** Writes the record of a prediction, and takes none of the steps that come after. */
async function createRecord(value: number[], webhook: string | null = null): Promise<Prediction> {
  const now = Date.now()
  const prediction: Prediction = {
    ...plainTerms,
    id: newPredictionId(tag, now),
    tenant: 'default',
    model: version.model,
    version: version.id,
    label: version.label,
    class: 'submission',
    form: 'pipeline',
    status: 'starting',
    input: { kind: 'inline', json: JSON.stringify({ value }) },
    output: null,
    error: null,
    errorCode: null,
    logs: '',
    createdAt: now,
    startedAt: null,
    completedAt: null,
    provenance: null,
    dataRemoved: false,
    webhook,
    webhookEvents: ['completed'],
    attempt: 0,
    token: '',
    epoch: 0,
  }
  expect(await predictions.create([prediction])).toMatchObject([{ kind: 'created' }])
  return prediction
}

/** Takes a prediction as a worker does. */
async function claim({ id, epoch }: Prediction): Promise<Prediction> {
  const [outcome] = await predictions.claim([{ id, epoch, token: randomToken() }], Date.now())
  if (outcome?.kind !== 'claimed') throw new Error(`not claimed: ${outcome?.kind}`)
  return outcome.prediction
}

/** Ends a prediction as a worker does that dies before it can announce the delivery. */
async function succeed(prediction: Prediction, json: string) {
  const output = { kind: 'inline' as const, json }
  const ending: Ending = {
    status: 'succeeded',
    output,
    error: null,
    errorCode: null,
    completedAt: Date.now(),
    provenance: null,
  }
  const payloads = new Payloads(new FolderPayloadStore(models.dir), 65_536)
  const publicBaseUrl = `${stack.url}/api/v1`
  const openPredictions = new OpenPredictions(redis, keys)
  const tickets = new Tickets(await readMasterKey({ given: masterKey, dataDir: models.dir }))
  const context = { predictions, openPredictions, payloads, deliveries: unheard, publicBaseUrl, tickets }
  const [outcome] = await finishPredictions(context, [{ prediction, ending }])
  return outcome
}

test('whatever step a crash came before, the prediction runs, ends once, and is told of once', async () => {
  const unqueued = await createRecord([1, 1, 1], receiver.url)
  const abandoned = await claim(await createRecord([2, 2, 2], receiver.url))
  const unannounced = await claim(await createRecord([3, 3, 3], receiver.url))
  expect(await succeed(unannounced, '{"value":[3,3,3]}')).toBe('finished')
  const queued = await submitGated(stack, { value: [4, 4, 4] })
  const open = await auditVersion({ predictions, queues, now: Date.now }, tag, target())
  expect(open).toEqual({
    accepted: 4,
    open: 3,
    terminal: 1,
    gap: 0,
    openWithoutRecord: 0,
    openWithoutJob: 2,
  })

  stack.startWorker()
  const ends = await allEnded(stack, [unqueued.id, abandoned.id, queued])
  expect(ends.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded'])
  expect(ends.map(({ output }) => output?.value)).toEqual([1, 2, 4].map((i) => [i, i, i]))
  const told = [unqueued, abandoned, unannounced].map(({ id }) => id)
  const webhookIds = await receiver.webhookIdsOf(told)
  expect(webhookIds.map(({ size }) => size)).toEqual([1, 1, 1])
  const bodies = receiver.received.map(({ body }) => JSON.parse(body))
  expect(bodies).toContainEqual(await read(stack, unannounced.id))

  // The worker that claimed it was not dead but slow, and comes back with its result: too late.
  expect(await succeed(abandoned, '"late"')).toBe('ended')
  expect(await read(stack, abandoned.id)).toEqual(ends[1])
})

test('the audit finds no gap, and no delivery is left', async () => {
  await ended(stack, await submitGated(stack, { value: [5, 5, 5] }, receiver.url))
  const audit = await auditVersion({ predictions, queues, now: Date.now }, tag, target())
  expect(audit).toEqual({
    accepted: 5,
    open: 0,
    terminal: 5,
    gap: 0,
    openWithoutRecord: 0,
    openWithoutJob: 0,
  })
  const deliveries = new DeliveryStore(redis, keys, hour)
  await until(async () => (await deliveries.pendingBetween(tag, 0, Date.now(), 100)).length === 0)
  const text = await (await fetch(`${stack.url}/metrics`)).text()
  expect(text).toMatch(/^augur_audit_gap\{[^}]*\} 0$/m)
})
