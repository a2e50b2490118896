import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PredictionClass } from '../predictions/prediction.js'
import { firstTurn, turnsOf } from '../queue/priority.js'
import { createLogger } from '../telemetry/logger.js'
import { FairTurns } from './fair-turns.js'

const target = { model: 'augur/test', version: 'ab'.repeat(32) }
const logger = createLogger('test', 'fatal')

interface Job {
  tenant: string
  class: PredictionClass
  turn: number
  arrival: number
}

/** A queue as BullMQ keeps it, and API processes that add to it. */
function createQueue() {
  const jobs: Job[] = []
  let arrivals = 0
  const front = () => jobs.toSorted((a, b) => a.turn - b.turn || a.arrival - b.arrival)[0]
  const openPredictions = {
    countOf: async (flow: { tenant: string; class: PredictionClass }) =>
      jobs.filter((job) => job.tenant === flow.tenant && job.class === flow.class).length,
  }
  return {
    process: () =>
      new FairTurns({
        queues: { frontTurn: async () => front()?.turn ?? firstTurn },
        openPredictions,
        logger,
      }),
    async add(turns: FairTurns, tenant: string, as: PredictionClass = 'submission', count = 1) {
      for (let i = 0; i < count; i++) {
        const turn = await turns.next(tenant, target, as)
        jobs.push({ tenant, class: as, turn, arrival: arrivals++ })
      }
    },
    serve(): Job | undefined {
      const job = front()
      if (job) jobs.splice(jobs.indexOf(job), 1)
      return job
    },
  }
}

const tenants = ['a', 'b', 'c']
/** What happens to a queue, one thing after another. */
const events = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('add'), tenant: fc.constantFrom(...tenants) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('serve'), tenant: fc.constant('') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('refresh'), tenant: fc.constant('') }) },
  ),
  { maxLength: 200 },
)

test('what one process adds for a tenant is served in order, whatever is served and looked at meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(events, async (happening) => {
      const queue = createQueue()
      const turns = queue.process()
      const last = new Map<string, number>()
      const check = (job: Job | undefined) => {
        if (!job) return
        expect(job.arrival).toBeGreaterThan(last.get(job.tenant) ?? -1)
        last.set(job.tenant, job.arrival)
      }
      for (const { kind, tenant } of happening) {
        if (kind === 'add') await queue.add(turns, tenant)
        if (kind === 'refresh') await turns.refresh()
        if (kind === 'serve') check(queue.serve())
      }
    }),
  )
})

test('also when a tenant of another process, which knew too little, stands in front of them', async () => {
  const queue = createQueue()
  const [one, other] = [queue.process(), queue.process()]
  await queue.add(other, 'x')
  queue.serve()
  await queue.add(one, 'a', 'submission', 50)
  for (let i = 0; i < 25; i++) queue.serve()
  await queue.add(other, 'b')
  await one.refresh()
  await queue.add(one, 'a', 'submission', 5)
  const served = Array.from({ length: 31 }, () => queue.serve())
  const arrivals = served.filter((job) => job?.tenant === 'a').map((job) => job?.arrival ?? 0)
  expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b))
})

test('two tenants with long queues get the same, however their predictions arrive', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.nat(20), fc.nat(3), async (ahead, served, looks) => {
      const queue = createQueue()
      const [one, other] = [queue.process(), queue.process()]
      await queue.add(one, 'a', 'submission', ahead + served)
      for (let i = 0; i < served; i++) queue.serve()
      await queue.add(other, 'b', 'submission', ahead)
      for (let i = 0; i < looks; i++) await one.refresh()
      const shares = { a: 0, b: 0 }
      for (let i = 0; i < ahead; i++) shares[queue.serve()?.tenant === 'a' ? 'a' : 'b']++
      expect(Math.abs(shares.a - shares.b)).toBeLessThanOrEqual(2)
    }),
  )
})

test('who sends the next when the last was served gets no more than who has a long queue, between two looks', async () => {
  const queue = createQueue()
  const turns = queue.process()
  await queue.add(turns, 'many', 'submission', 500)
  await queue.add(turns, 'few')
  const shares = { many: 0, few: 0 }
  for (let i = 0; i < 400; i++) {
    const isOfFew = queue.serve()?.tenant === 'few'
    shares[isOfFew ? 'few' : 'many']++
    if (isOfFew) await queue.add(turns, 'few')
  }
  expect(Math.abs(shares.many - shares.few)).toBeLessThanOrEqual(2)
})

test('callers who wait without end leave a submission its share', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 20 }),
      async (clients, lookEvery) => {
        const queue = createQueue()
        const [turns, other] = [queue.process(), queue.process()]
        await queue.add(turns, 'a', 'waiting', clients)
        await queue.add(other, 'b', 'submission')
        const before: Job[] = []
        for (let job = queue.serve(); job && job.tenant === 'a'; job = queue.serve()) {
          before.push(job)
          await queue.add(turns, 'a', 'waiting')
          if (before.length % lookEvery === 0) await turns.refresh()
          expect(before.length).toBeLessThanOrEqual(turnsOf.submission + 2 * lookEvery)
        }
      },
    ),
  )
})

test('a class is served as often as its turns say where both have long queues', async () => {
  const queue = createQueue()
  const turns = queue.process()
  await queue.add(turns, 'a', 'submission', 100)
  await queue.add(turns, 'a', 'waiting', 100)
  const served = Array.from({ length: 100 }, () => queue.serve()?.class)
  expect(served.filter((name) => name === 'submission')).toHaveLength(20)
})

test('what a tenant has in one queue does not count in another', async () => {
  const queue = createQueue()
  const turns = queue.process()
  await queue.add(turns, 'a', 'submission', 50)
  const elsewhere = { ...target, version: 'cd'.repeat(32) }
  const own = new FairTurns({
    queues: { frontTurn: async () => firstTurn },
    openPredictions: { countOf: async ({ version }) => (version === target.version ? 50 : 0) },
    logger,
  })
  expect(await own.next('a', elsewhere, 'submission')).toBe(firstTurn + turnsOf.submission)
})

test('once the queue was empty, what a tenant had before is forgotten', async () => {
  const queue = createQueue()
  const turns = queue.process()
  for (let i = 0; i < 300; i++) {
    await queue.add(turns, 'a')
    queue.serve()
  }
  await turns.refresh()
  expect(await turns.next('a', target, 'submission')).toBe(firstTurn + turnsOf.submission)
})
