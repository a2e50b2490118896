import { expect, test } from 'vitest'
import { repeat } from './repeat.js'

test('a task that fails is reported and tried again, and stop waits for the one under way', async () => {
  const errors: unknown[] = []
  let runs = 0
  let again = () => {}
  const third = new Promise<void>((resolve) => {
    again = resolve
  })
  const task = async () => {
    if (++runs === 3) again()
    throw new Error(`run ${runs}`)
  }
  const repeated = repeat(task, 1, (error) => errors.push(error))
  await third
  await repeated.stop()
  expect(errors).toHaveLength(runs)
})
