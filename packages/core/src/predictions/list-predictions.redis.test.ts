import { createTestContext, type TestContext, testVersion } from '@augur/test-support/test-context'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { modelTag, newPredictionId, randomToken } from '../ids.js'
import { createPrediction, type NewPrediction } from './create-prediction.js'
import { listPredictions, mostLookedAt, type PredictionFilter } from './list-predictions.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

const otherVersion = { ...testVersion, id: 'cd'.repeat(32), label: '2' }
const otherModel = { ...testVersion, id: 'ef'.repeat(32), model: 'augur/other' }

async function create(more: Partial<NewPrediction> = {}): Promise<string> {
  context.clock.now++
  const { prediction } = await createPrediction(context, {
    version: testVersion,
    input: '{}',
    class: 'submission',
    form: 'pipeline',
    webhook: null,
    webhookEvents: [],
    idempotency: null,
    ...more,
  })
  return prediction.id
}

/** Every page from the newest on; fails when one makes no progress. */
async function pages(filter: PredictionFilter, limit: number): Promise<string[][]> {
  const seen: string[][] = []
  for (let before: string | null = null; ; ) {
    const page = await listPredictions(context, { before, limit, filter })
    seen.push(page.predictions.map(({ id }) => id))
    if (page.next === null) return seen
    if (before !== null && page.next >= before) throw new Error('a page made no progress')
    before = page.next
  }
}

test('each filter lists what it names and nothing else', async () => {
  const plain = await create()
  const running = await create()
  await context.predictions.claim([{ id: running, epoch: 0, token: randomToken() }], context.now())
  const second = await create({ version: otherVersion })
  const since = context.clock.now + 1
  const foreign = await create({ version: otherModel })
  const noted = await create({ metadata: { run: '7', user: 'ada' } })
  const all = [noted, foreign, second, running, plain]
  const cases: [PredictionFilter, string[]][] = [
    [{}, all],
    [{ status: 'processing' }, [running]],
    [{ model: 'augur/other' }, [foreign]],
    [{ model: 'augur/none' }, []],
    [{ version: otherVersion.id }, [second]],
    [{ version: '2' }, [second]],
    [{ sinceMs: since }, [noted, foreign]],
    [{ beforeMs: since }, [second, running, plain]],
    [{ sinceMs: since, beforeMs: since }, []],
    [{ metadata: { run: '7' } }, [noted]],
    [{ metadata: { run: '7', user: 'bob' } }, []],
    [{ metadata: { constructor: 'x' } }, []],
    [{ model: testVersion.model, status: 'starting' }, [noted, second, plain]],
  ]
  for (const [filter, expected] of cases) {
    const listed = {
      filter,
      whole: (await pages(filter, 100)).flat(),
      byOne: (await pages(filter, 1)).flat(),
    }
    expect(listed).toEqual({ filter, whole: expected, byOne: expected })
  }
})

test('pages of any size hold each prediction once, in order, whatever matches', async () => {
  const flags = Array.from({ length: 60 }, (_, i) => (i * 7) % 3 === 0)
  const ids: string[] = []
  for (const flag of flags) ids.push(await create(flag ? { metadata: { flag: 'yes' } } : {}))
  const newestFirst = ids.filter((_, i) => flags[i]).toReversed()
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (limit) => {
      expect((await pages({ metadata: { flag: 'yes' } }, limit)).flat()).toEqual(newestFirst)
    }),
    { numRuns: 10 },
  )
})

test('a filter that matches nothing looks at so many for a page, goes on where it stopped, and comes to an end', async () => {
  const wanted = await create({ metadata: { flag: 'yes' } })
  const tag = modelTag('augur/other')
  const others = Array.from({ length: mostLookedAt + 500 }, (_, i) =>
    newPredictionId(tag, context.clock.now + i),
  )
  await context.redis.zadd(context.keys.tenantPredictions('default'), ...others.flatMap((id) => ['0', id]))
  const seen = await pages({ model: testVersion.model }, 10)
  expect(seen).toEqual([[], [wanted]])
})

test('ids whose records are gone leave the index on the way', async () => {
  const kept = await create()
  const gone = await create()
  await context.redis.del(context.keys.record(gone))
  expect((await pages({ status: 'starting' }, 10)).flat()).toEqual([kept])
  expect(await context.index.list('default', null, 10)).toEqual([kept])
})
