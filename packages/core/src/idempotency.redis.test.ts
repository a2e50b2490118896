import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ServiceError } from './errors.js'
import type { IdempotentRequest } from './idempotency.js'
import { randomToken } from './ids.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

/** What becomes of a request: its process dies once it has the key. */
const fates = ['creates', 'is refused', 'dies'] as const
type Fate = (typeof fates)[number]

/** Requests that come at once, and the time until the next ones do. */
const round = fc.record({
  requests: fc.array(fc.constantFrom(...fates), { minLength: 1, maxLength: 8 }),
  passMs: fc.constantFrom(0, 1000, 10_001),
})

/** Sends one request; gives the id that its caller was told, or null for none. */
async function send(request: IdempotentRequest, fate: Fate, things: Set<string>): Promise<string | null> {
  const { idempotency, clock } = context
  if (fate === 'dies') {
    await idempotency.begin(request, randomToken(), clock.now)
    return null
  }
  const { value } = await idempotency.once(request, randomToken(), clock.now, {
    create: async (id) => {
      if (fate === 'is refused') throw new ServiceError('overloaded', 'refused')
      things.add(id)
      return id
    },
    existing: async (id) => id,
  })
  return value
}

test('whatever is refused, dies or comes at once, one key makes one thing, and who gets it gets the same', async () => {
  const property = fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 6 }), async (rounds) => {
    const request = { tenant: 'default', key: randomToken(), fingerprint: 'f' }
    const things = new Set<string>()
    const told = new Set<string | null>()
    for (const { requests, passMs } of rounds) {
      const answers = await Promise.allSettled(requests.map((fate) => send(request, fate, things)))
      for (const each of answers) if (each.status === 'fulfilled') told.add(each.value)
      context.clock.now += passMs
    }
    told.delete(null)
    expect(things.size).toBeLessThanOrEqual(1)
    expect(told).toEqual(things)
  })
  await fc.assert(property, { numRuns: 50 })
})

test('of a hundred who notice that a creation died, one takes over', async () => {
  const request = { tenant: 'default', key: 'k', fingerprint: 'f' }
  await context.idempotency.begin(request, 'first', context.clock.now)
  context.clock.now += 10_001
  const tries = Array.from({ length: 100 }, () =>
    context.idempotency.begin(request, 'next', context.clock.now),
  )
  const settled = await Promise.allSettled(tries)
  const taken = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  expect(taken).toMatchObject([{ kind: 'first', id: 'first' }])
})

test('who fails after somebody took over or created it changes nothing any more', async () => {
  const request = { tenant: 'default', key: 'k', fingerprint: 'f' }
  const begin = () => context.idempotency.begin(request, 'first', context.clock.now)
  const slow = await begin()
  context.clock.now += 10_001
  const other = await begin()
  if (slow.kind !== 'first' || other.kind !== 'first') throw new Error('not begun')
  await context.idempotency.failed(request, slow)
  await expect(begin()).rejects.toMatchObject({ code: 'idempotency_in_progress' })
  await context.idempotency.created(request, 'first')
  await context.idempotency.failed(request, slow)
  await context.idempotency.failed(request, other)
  expect(await begin()).toEqual({ kind: 'replay', id: 'first' })
})

test('what was refused begins anew under a new id, and what died goes on under the old one', async () => {
  const request = { tenant: 'default', key: 'k', fingerprint: 'f' }
  const attempt = (id: string, error: Error | null) =>
    context.idempotency.once(request, id, context.clock.now, {
      async create(created) {
        if (error) throw error
        return created
      },
      existing: async (existing) => existing,
    })
  const refusal = new ServiceError('quota_exceeded', 'refused')
  await expect(attempt('first', refusal)).rejects.toBe(refusal)
  await expect(attempt('second', new Error('away'))).rejects.toThrow('away')
  // Whoever was there before may have come as far as a record of this id.
  await expect(attempt('third', refusal)).rejects.toBe(refusal)
  expect(await attempt('fourth', null)).toEqual({ value: 'second', replayed: false })
})

test('who was refused after somebody took over forgets nothing', async () => {
  const request = { tenant: 'default', key: 'k', fingerprint: 'f' }
  const slow = context.idempotency.once(request, 'first', context.clock.now, {
    async create() {
      context.clock.now += 10_001
      await send(request, 'creates', new Set())
      throw new ServiceError('quota_exceeded', 'refused')
    },
    existing: async (id) => id,
  })
  await expect(slow).rejects.toMatchObject({ code: 'quota_exceeded' })
  expect(await context.idempotency.find(request, async (id) => id)).toBe('first')
})

test('a key is of one tenant', async () => {
  const own = { tenant: 'a', key: 'k', fingerprint: 'f' }
  await context.idempotency.created(own, 'mine')
  expect(await context.idempotency.find(own, async (id) => id)).toBe('mine')
  expect(await context.idempotency.find({ ...own, tenant: 'b' }, async (id) => id)).toBeNull()
})

test('what was created and is no more is gone, and not unknown', async () => {
  const request = { tenant: 'a', key: 'k', fingerprint: 'f' }
  await context.idempotency.created(request, 'removed')
  const existing = async () => {
    throw new ServiceError('not_found', 'There is none.')
  }
  await expect(context.idempotency.find(request, existing)).rejects.toMatchObject({ code: 'gone' })
})
