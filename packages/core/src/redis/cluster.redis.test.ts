import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RedisCluster } from '@augur/test-support/redis-cluster/redis-cluster'
import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import { watchCommands } from '@augur/test-support/watch-commands'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { modelTag, randomToken } from '../ids.js'
import { cancelPrediction } from '../predictions/cancel-prediction.js'
import { createPrediction } from '../predictions/create-prediction.js'
import { deletePrediction } from '../predictions/delete-prediction.js'
import { finishPredictions } from '../predictions/finish-predictions.js'
import { RolloutStore } from '../rollouts/rollout-store.js'
import { deliveryId, ownDeliveryId } from '../webhooks/delivery.js'
import { redeliver, replayExhausted } from '../webhooks/redeliver.js'

let folder: string
let cluster: RedisCluster
let context: TestContext
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'augur-cluster-'))
  cluster = await RedisCluster.start(folder, { appendonly: 'no' })
  context = await createTestContext({ url: cluster.proxy.url })
}, 60_000)
afterAll(async () => {
  await context?.close()
  await cluster?.stop()
  await rm(folder, { recursive: true, force: true })
})

// The nodes refuse what touches keys of several slots, also where a script does so with a key that it names itself.
test('every step of a prediction and of its webhook touches one slot of a cluster', async () => {
  const wanted = {
    version: testVersion,
    input: '{"x":[1,2,3]}',
    class: 'submission',
    form: 'pipeline',
    webhook: 'https://hooks.test/',
    webhookEvents: ['completed'],
    idempotency: null,
  } as const
  const { prediction } = await createPrediction(context, wanted)
  const [claimed] = await context.predictions.claim(
    [{ id: prediction.id, epoch: 0, token: randomToken() }],
    context.now(),
  )
  if (claimed?.kind !== 'claimed') throw new Error('not claimed')
  const ending = {
    status: 'succeeded',
    output: { kind: 'inline', json: '{}' },
    error: null,
    errorCode: null,
    completedAt: context.now(),
    provenance: null,
  } as const
  expect(await finishPredictions(context, [{ prediction: claimed.prediction, ending }])).toEqual(['finished'])
  const delivery = deliveryId(prediction.id, 'completed')
  await context.deliveryStore.hold(delivery, 'internal_error', context.now())
  await context.deadLetters.add(context.tenant, delivery, context.now())
  await context.deliveryStore.end(delivery, 'exhausted', null)
  expect(await replayExhausted(context, 10)).toEqual({ replayed: 1, more: false })
  expect(await redeliver(context, delivery)).toMatchObject({ state: 'pending' })
  const other = await createPrediction(context, wanted)
  expect(await cancelPrediction(context, other.prediction.id)).toMatchObject({ status: 'canceled' })
  await deletePrediction(context, other.prediction.id)
})

test('so does every step of what belongs to no prediction, and each node has a share', async () => {
  const { redis, keys, tenant } = context
  const own = ownDeliveryId(modelTag('augur/test'), 'test', context.now())
  await context.deliveryStore.createOwn(
    { id: own, tenant, url: 'https://hooks.test/', body: '{}' },
    context.now(),
  )
  expect(await context.deliveryStore.own(tenant, null, 10)).toEqual([own])
  const rollout = { model: 'augur/test', revision: 1, stable: 'a', previousStable: null, trial: null }
  const event = { action: 'set', at: context.now(), actor: 'local', reason: '', rollout } as const
  const rollouts = new RolloutStore(redis, keys)
  expect(await rollouts.write('augur/test', null, event)).toBe(true)
  // One model's jobs are in one slot; models and tenants spread.
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => redis.set(keys.queuePrefix(modelTag(`augur/${i}`)), '')),
  )
  expect(Math.min(...(await cluster.sizes()))).toBeGreaterThan(0)
})

test('who watches what it is told is told of the commands of every node', async () => {
  const seen = new Set<string>()
  const watch = await watchCommands(cluster.proxy.url, ([, key = '']) => seen.add(key))
  const keys = Array.from({ length: 20 }, (_, i) => `watched-${i}`)
  // Nodes begin to tell when they have consented, each for itself.
  await expect
    .poll(async () => {
      await Promise.all(keys.map((key) => context.redis.get(key)))
      return keys.filter((key) => !seen.has(key))
    })
    .toEqual([])
  watch.stop()
})
