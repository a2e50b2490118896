import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newPredictionId } from '../ids.js'
import { consumeShadows } from './shadow-consumer.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

const jobsOf = (trial: string, count: number) =>
  Array.from({ length: count }, () => ({ trial, primary: newPredictionId(context.tag, context.now()) }))

/** The trials of what a worker takes, in order. */
async function consume(count: number): Promise<string[]> {
  const taken: string[] = []
  let finish = () => {}
  const all = new Promise<void>((resolve) => (finish = resolve))
  const consumer = consumeShadows({
    ...context,
    concurrency: 1,
    lock: { durationMs: 30_000, stalledIntervalMs: 15_000, maxLostWorkers: 5 },
    async handle({ trial }) {
      // The first of a replay is handed back, as when its runner is away.
      const isReturned = trial === 'replay' && !taken.includes('returned')
      taken.push(isReturned ? 'returned' : trial)
      if (taken.length === count) finish()
      return isReturned ? 'returned' : 'done'
    },
  })
  await all
  await consumer.close()
  return taken
}

test('a replay takes no room from samples of live traffic, and waits until these are repeated', async () => {
  const { shadowQueues, target } = context
  await shadowQueues.addReplay(target, jobsOf('replay', 20), context.now())
  expect(await shadowQueues.add(target, jobsOf('live', 5), 3, context.now())).toBe(3)
  expect([await shadowQueues.waiting(target), await shadowQueues.replaysWaiting(target)]).toEqual([3, 20])
  expect(await shadowQueues.pending(target)).toBe(23)
  // Replays come last, and one that is handed back does as well.
  expect((await consume(6)).slice(0, 3)).toEqual(['live', 'live', 'live'])
  await shadowQueues.add(target, jobsOf('live', 2), 3, context.now())
  expect((await consume(3)).slice(0, 2)).toEqual(['live', 'live'])
})
