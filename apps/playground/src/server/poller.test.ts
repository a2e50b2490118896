import { expect, test } from 'vitest'
import { createPoller, type PolledState } from './poller.js'

/** A poller whose reads end when the test says so. */
function start() {
  const reads: { resolve(value: string): void; reject(error: Error): void }[] = []
  let state: PolledState<string> = { value: null, error: null }
  const poller = createPoller(
    () => new Promise<string>((resolve, reject) => reads.push({ resolve, reject })),
    (change) => (state = change(state)),
    String,
  )
  return { reads, poller, shown: () => state }
}

test('a read that takes longer than the time between polls is shown', async () => {
  const { reads, poller, shown } = start()
  const first = poller.poll()
  for (let i = 0; i < 3; i++) await poller.poll()
  expect(reads).toHaveLength(1)
  reads[0]?.resolve('slow')
  await first
  expect(shown()).toEqual({ value: 'slow', error: null })
  void poller.poll()
  expect(reads).toHaveLength(2)
})

test('what a person asks for takes the place of what was asked for before', async () => {
  const { reads, poller, shown } = start()
  const polled = poller.poll()
  const reloaded = poller.reload()
  reads[1]?.resolve('new')
  await reloaded
  reads[0]?.resolve('old')
  await polled
  expect(shown().value).toBe('new')
})

test('a read that never ends does not end the polling', async () => {
  const { reads, poller, shown } = start()
  void poller.poll()
  for (let i = 0; i < 9; i++) await poller.poll()
  const last = poller.poll()
  reads[1]?.resolve('again')
  await last
  expect(shown().value).toBe('again')
})

test('a failure leaves what is known, and nothing is shown once it is stopped', async () => {
  const { reads, poller, shown } = start()
  const first = poller.poll()
  reads[0]?.resolve('known')
  await first
  const second = poller.poll()
  reads[1]?.reject(new Error('broken'))
  await second
  expect(shown()).toEqual({ value: 'known', error: 'Error: broken' })
  const third = poller.poll()
  poller.stop()
  reads[2]?.resolve('late')
  await third
  expect(shown().value).toBe('known')
})
