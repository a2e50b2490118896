import { once } from 'node:events'
import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decodeDesiredChange, DesiredModels } from './desired-models.js'

let context: TestContext
beforeEach(async () => {
  context = await createTestContext()
})
afterEach(() => context.close())

test('unload holds until load, whoever asks', async () => {
  const [one, another] = [1, 2].map(() => new DesiredModels(context.redis, context.keys))
  await one?.unload('augur/digits')
  expect(await another?.unloaded()).toEqual(new Set(['augur/digits']))
  await another?.load('augur/digits')
  expect(await one?.unloaded()).toEqual(new Set())
})

test('workers hear of a change once it can be read', async () => {
  const desired = new DesiredModels(context.redis, context.keys)
  const subscriber = context.redis.duplicate()
  await subscriber.subscribe(desired.channel)
  const heard = once(subscriber, 'message')
  await desired.unload('augur/digits')
  const [, message] = await heard
  expect(decodeDesiredChange(message)).toEqual({ kind: 'unload', model: 'augur/digits' })
  expect(await desired.unloaded()).toContain('augur/digits')
  subscriber.disconnect()
})

test('a message that nobody here wrote is passed over', () => {
  for (const message of ['', 'load', 'drop augur/digits'])
    expect(decodeDesiredChange(message)).toBeUndefined()
})
