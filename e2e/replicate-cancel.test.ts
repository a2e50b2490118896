import type { Prediction } from 'replicate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClientStack, interval, startClientStack } from './support/official-client.js'

let own: ClientStack
beforeAll(async () => {
  own = await startClientStack()
})
afterAll(() => own?.stop())

/** Each answer has a ticket of its own in the URL of the stream; the rest stays as it is. */
const outcomeOf = (prediction: Prediction) => ({ ...prediction, urls: {} })

test('cancel() ends a prediction, and leaves one that has ended as it is', async () => {
  const { client } = own
  const held = await client.predictions.create({
    model: 'augur/gated',
    input: { value: [4, 5, 6], gate: 'never' },
  })
  const canceled = await client.predictions.cancel(held.id)
  expect(canceled).toMatchObject({ id: held.id, status: 'canceled', output: null })
  expect(outcomeOf(await client.wait(held, { interval }))).toEqual(outcomeOf(canceled))
  expect(outcomeOf(await client.predictions.cancel(held.id))).toEqual(outcomeOf(canceled))
})

test('run() cancels when its signal is aborted, and gives no output', async () => {
  const { client } = own
  const abort = new AbortController()
  const seen: string[] = []
  const input = { value: [7, 8, 9], gate: 'never' }
  const options = { input, wait: { mode: 'poll', interval } as const, signal: abort.signal }
  const output = await client.run('augur/gated', options, ({ status }) => {
    seen.push(status)
    abort.abort()
  })
  expect(output).toBeNull()
  expect(seen.at(-1)).toBe('canceled')
})
