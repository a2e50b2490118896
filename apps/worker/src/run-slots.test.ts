import type { PredictionClass } from '@augur/core/predictions/prediction'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ReleaseSlot, RunSlots } from './run-slots.js'

const tick = () => new Promise((resolve) => setImmediate(resolve))

test('waiting callers come before submissions, those before batches, those before shadows', async () => {
  const slots = new RunSlots(1)
  const first = await slots.acquire('submission')
  const served: string[] = []
  const asked: PredictionClass[] = ['shadow', 'batch', 'submission', 'waiting', 'submission']
  const done = asked.map(async (name, i) => {
    const release = await slots.acquire(name)
    served.push(`${name} ${i}`)
    release()
  })
  first()
  await Promise.all(done)
  expect(served).toEqual(['waiting 3', 'submission 2', 'submission 4', 'batch 1', 'shadow 0'])
})

test('a slot that is given back twice counts once', async () => {
  const slots = new RunSlots(1)
  const release = await slots.acquire('batch')
  release()
  release()
  await slots.acquire('batch')
  let second = false
  void slots.acquire('batch').then(() => {
    second = true
  })
  await tick()
  expect(second).toBe(false)
})

test('there are never more runs than slots, and every asker is served', async () => {
  const classes = fc.constantFrom<PredictionClass>('waiting', 'submission', 'batch', 'shadow')
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(classes, { maxLength: 30 }),
      async (size, asked) => {
        const slots = new RunSlots(size)
        const held: ReleaseSlot[] = []
        let served = 0
        for (const name of asked) {
          void slots.acquire(name).then((release) => {
            served++
            held.push(release)
          })
        }
        await tick()
        while (held.length > 0) {
          expect(held.length).toBeLessThanOrEqual(size)
          held.shift()?.()
          await tick()
        }
        expect(served).toBe(asked.length)
      },
    ),
  )
})
