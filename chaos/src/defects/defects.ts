import { IdempotencyKeys } from '@augur/core/idempotency'
import { newPredictionId, tagOfId } from '@augur/core/ids'
import type { Prediction } from '@augur/core/predictions/prediction'
import { PredictionIndex } from '@augur/core/predictions/prediction-index'
import { type Finish, PredictionStore } from '@augur/core/predictions/prediction-store'
import { DeliveryQueue } from '@augur/core/queue/delivery-queue'
import type { Keys } from '@augur/core/redis/keys'
import { DeliveryStore } from '@augur/core/webhooks/delivery-store'
import type { Redis } from 'ioredis'
import type { InvariantName } from '../history/invariants.js'
import { pause } from '../rig/until.js'

/** A promise that the product breaks on purpose, so that the checker can be seen to notice. */
export interface Defect {
  breaks: InvariantName
  /** Puts it into this process. */
  seed(): void
}

/** Puts `around` in the place of a method, which it may call. */
function replace<A extends unknown[], R>(
  owner: object,
  method: string,
  around: (self: object, original: (...args: A) => Promise<R>, args: A) => Promise<R>,
): void {
  const original: unknown = Reflect.get(owner, method)
  if (typeof original !== 'function') throw new Error(`there is no ${method}`)
  Object.defineProperty(owner, method, {
    value(this: object, ...args: A): Promise<R> {
      return around(this, (...given) => Reflect.apply(original, this, given) as Promise<R>, args)
    },
  })
}

type Outcomes = string[]
type FinishArguments = [tag: string, version: string, finishes: readonly Finish[]]
const onFinish = (around: Parameters<typeof replace<FinishArguments, Outcomes>>[2]) =>
  replace<FinishArguments, Outcomes>(PredictionStore.prototype, 'finish', around)

/** The connection and the key names of a store. */
const partsOf = (self: object) => ({
  redis: Reflect.get(self, 'redis') as Redis,
  keys: Reflect.get(self, 'keys') as Keys,
})

/** Some time after its end, a record gets other fields. */
async function spoilLater(self: object, finishes: readonly Finish[], fields: Record<string, string>) {
  await pause(700)
  const { redis, keys } = partsOf(self)
  for (const { prediction } of finishes) await redis.hset(keys.record(prediction.id), fields)
}

export const defects = {
  'acknowledges what it never stores': {
    breaks: 'I1',
    seed: () =>
      replace<[Prediction[]], object>(
        PredictionStore.prototype,
        'create',
        async (_self, _create, [predictions]) =>
          predictions.map(() => ({ kind: 'created', queuePosition: 0 })),
      ),
  },
  'stores what nobody asked for': {
    breaks: 'I2',
    seed: () =>
      replace<[Prediction[]], object>(
        PredictionStore.prototype,
        'create',
        async (self, create, [predictions]) => {
          const { redis, keys } = partsOf(self)
          const more = predictions.map((prediction) => ({
            ...prediction,
            id: newPredictionId(tagOfId(prediction.id), prediction.createdAt),
          }))
          const [outcomes] = await Promise.all([create(predictions), create(more)])
          const index = new PredictionIndex(redis, keys)
          await Promise.all(more.map(({ tenant, id }) => index.add(tenant, [id])))
          return outcomes
        },
      ),
  },
  'changes a result after its end': {
    breaks: 'I3',
    seed: () =>
      onFinish(async (self, finish, args) => {
        const outcomes = await finish(...args)
        void spoilLater(self, args[2], { output: '[0,0,0]' })
        return outcomes
      }),
  },
  'opens a prediction again': {
    breaks: 'I4',
    seed: () =>
      onFinish(async (self, finish, args) => {
        const outcomes = await finish(...args)
        void spoilLater(self, args[2], { status: 'processing' })
        return outcomes
      }),
  },
  'forgets idempotency keys': {
    breaks: 'I5',
    seed: () => {
      replace<[object, string], object>(
        IdempotencyKeys.prototype,
        'begin',
        async (_self, _begin, [, id]) => ({
          kind: 'first',
          id,
        }),
      )
      replace<[object], null>(IdempotencyKeys.prototype, 'find', async () => null)
    },
  },
  'gives callers the rows of others': {
    breaks: 'I6',
    seed: () =>
      onFinish((_self, finish, [tag, version, finishes]) => {
        const endings = finishes.map(({ ending }) => ending)
        const turned = finishes.map((each, i) => ({
          ...each,
          ending: endings[(i + 1) % endings.length] ?? each.ending,
        }))
        return finish(tag, version, turned)
      }),
  },
  'drops the webhook of an end': {
    breaks: 'I7',
    seed: () =>
      onFinish((_self, finish, [tag, version, finishes]) =>
        finish(
          tag,
          version,
          finishes.map((each) => ({ ...each, deliveries: [] })),
        ),
      ),
  },
  'signs with a secret of somebody else': {
    breaks: 'I7',
    seed: () =>
      replace<[string], { delivery: { tenant: string } } | null>(
        DeliveryStore.prototype,
        'read',
        async (_self, read, args) => {
          const found = await read(...args)
          return found && { ...found, delivery: { ...found.delivery, tenant: 'somebody-else' } }
        },
      ),
  },
  'tells of an end before it is stored': {
    breaks: 'I8',
    seed: () =>
      onFinish(async (self, finish, args) => {
        const { redis, keys } = partsOf(self)
        const store = new DeliveryStore(redis, keys, 60_000)
        for (const { prediction, deliveries } of args[2])
          for (const delivery of deliveries)
            await store.create(delivery, prediction.id, prediction.token, Date.now())
        await new DeliveryQueue(redis, keys).add(
          args[2].flatMap(({ deliveries }) => deliveries.map(({ id }) => id)),
        )
        await pause(3000)
        return finish(...args)
      }),
  },
  'shows one tenant the input of another': {
    breaks: 'I9',
    seed: () => {
      const inputs = new Map<string, Prediction['input']>()
      replace<[string], Prediction | null>(PredictionStore.prototype, 'read', async (_self, read, args) => {
        const prediction = await read(...args)
        if (prediction === null) return null
        inputs.set(prediction.tenant, prediction.input)
        const other = [...inputs].find(([tenant]) => tenant !== prediction.tenant)
        return other ? { ...prediction, input: other[1] } : prediction
      })
    },
  },
  'writes a secret into its log': {
    breaks: 'I10',
    seed: () => void process.stderr.write(`signing with ${process.env.AUGUR_MASTER_KEY}\n`),
  },
  'ends by itself': {
    breaks: 'I11',
    seed: () =>
      onFinish(async (_self, finish, args) => {
        const outcomes = await finish(...args)
        setTimeout(() => process.exit(3), 100)
        return outcomes
      }),
  },
  'forgets that it ran': {
    breaks: 'I12',
    seed: () => {
      const seen = new Set<string>()
      onFinish((_self, finish, [tag, version, finishes]) => {
        const isNew = finishes.every(({ prediction }) => !seen.has(prediction.id))
        for (const { prediction } of finishes) seen.add(prediction.id)
        return isNew ? Promise.resolve(finishes.map(() => 'finished')) : finish(tag, version, finishes)
      })
    },
  },
} as const satisfies Record<string, Defect>

export type DefectName = keyof typeof defects
