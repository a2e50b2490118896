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

/** One slot, whose runs end when the test says so. */
async function oneSlot() {
  const slots = new RunSlots(1)
  let release = await slots.acquire('waiting')
  let served: PredictionClass[] = []
  return {
    ask(name: PredictionClass, count: number): void {
      for (let i = 0; i < count; i++) {
        void slots.acquire(name).then((mine) => {
          served.push(name)
          release = mine
        })
      }
    },
    /** Ends so many runs, and tells who came next each time. */
    async serve(count: number): Promise<PredictionClass[]> {
      served = []
      for (let i = 0; i < count; i++) {
        release()
        await tick()
      }
      return served
    },
  }
}

const countOf = (name: PredictionClass, served: PredictionClass[]) =>
  served.filter((each) => each === name).length

test('where all classes have long lines each gets its share, and shadows nothing', async () => {
  const slot = await oneSlot()
  for (const name of ['shadow', 'batch', 'submission', 'waiting'] as const) slot.ask(name, 210)
  const served = await slot.serve(210)
  const counts = (['waiting', 'submission', 'batch', 'shadow'] as const).map((name) => countOf(name, served))
  expect(counts).toEqual([160, 40, 10, 0])
})

test('whoever asks behind a long line of a more urgent class lets pass no more than its share', async () => {
  const slot = await oneSlot()
  slot.ask('waiting', 100)
  await slot.serve(50)
  slot.ask('submission', 1)
  slot.ask('batch', 1)
  const served = await slot.serve(20)
  expect(served.indexOf('submission')).toBe(4)
  expect(served.indexOf('batch')).toBe(17)
})

test('a class that nobody asked for has saved up nothing', async () => {
  const slot = await oneSlot()
  slot.ask('submission', 200)
  await slot.serve(100)
  slot.ask('waiting', 100)
  expect(countOf('submission', await slot.serve(50))).toBe(10)
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

test('a slot that a run gave up is had by others until the run asks for it again', async () => {
  const slots = new RunSlots(1)
  const slot = slots.renewable('submission', await slots.acquire('submission'))
  slot.release()
  const other = await slots.acquire('batch')
  let resumed = false
  const resuming = slot.resume().then(() => {
    resumed = true
  })
  await tick()
  expect(resumed).toBe(false)
  other()
  await resuming
  slot.release()
  slot.release()
  await slots.acquire('batch')
})

test('a slot is lent while nobody wants it, and had at once by whoever asks for one', async () => {
  const slots = new RunSlots(2)
  const held = await slots.acquire('submission')
  const giveBack = slots.borrow()
  expect(giveBack).not.toBeNull()
  expect(slots.borrow()).toBeNull()
  const second = await slots.acquire('batch')
  expect(slots.borrow()).toBeNull()
  let third = false
  void slots.acquire('waiting').then(() => {
    third = true
  })
  giveBack?.()
  await tick()
  expect(third).toBe(false)
  held()
  await tick()
  expect(third).toBe(true)
  second()
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
