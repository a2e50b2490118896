import type { Prediction } from 'replicate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { brokenImage } from './support/digit-image.js'
import { type ClientStack, interval, refusalOf, startClientStack } from './support/official-client.js'

let own: ClientStack
beforeAll(async () => {
  own = await startClientStack()
})
afterAll(() => own?.stop())

test('run() answers with the output, whether it blocks or polls, by model or by version', async () => {
  const { client } = own
  const { input, label } = own.row(0)
  const { latest_version: latest } = await client.models.get('augur', 'digits')
  const outputs = [
    await client.run('augur/digits', { input }),
    await client.run('augur/digits', { input, wait: { mode: 'poll', interval } }),
    await client.run(`augur/digits:${latest?.id}`, { input }),
  ]
  expect(outputs).toEqual(outputs.map(() => expect.objectContaining({ label })))
})

test('run() goes on polling when the prediction outlasts the time to block', async () => {
  const seen: Prediction[] = []
  const progress = (prediction: Prediction) => {
    seen.push(prediction)
    void own.models.open('patient')
  }
  const input = { value: [1, 2, 3], gate: 'patient' }
  const wait = { mode: 'block', timeout: 1 } as const
  const output = await own.client.run('augur/gated', { input, wait }, progress)
  expect(seen[0]).toMatchObject({ status: 'starting', output: null })
  expect(output).toEqual({ value: [1, 2, 3] })
})

test('run() throws what went wrong with the prediction', async () => {
  const failed = await refusalOf(own.client.run('augur/digits', { input: { image: brokenImage } }))
  expect(failed.message).toMatch(/^Prediction failed: /)
})

test('what is wrong with a request is told in the message of an ApiError', async () => {
  const { client } = own
  const pixels = own.row(3).input.pixels.with(7, -1)
  const wrong = await refusalOf(client.run('augur/digits', { input: { pixels } }))
  expect(wrong.name).toBe('ApiError')
  expect(wrong.response.status).toBe(422)
  expect(wrong.message).toContain('/input/pixels/7')
  for (const call of [
    () => client.run('augur/nothing', { input: {} }),
    () => client.models.get('augur', 'nothing'),
    () => client.predictions.get('nothing'),
  ]) {
    const unknown = await refusalOf(call())
    expect(unknown.name).toBe('ApiError')
    expect(unknown.response.status).toBe(404)
  }
})
