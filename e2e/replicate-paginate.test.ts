import type { Prediction } from 'replicate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClientStack, startClientStack } from './support/official-client.js'

let own: ClientStack
beforeAll(async () => {
  own = await startClientStack()
})
afterAll(() => own?.stop())

test('paginate() walks over every prediction once, newest first', async () => {
  const { client } = own
  const create = (index: number) =>
    client.predictions.create({ model: 'augur/digits', input: own.row(index).input })
  const created = await Promise.all(Array.from({ length: 205 }, (_, index) => create(index)))
  const newest = await create(205)
  const pages: Prediction[][] = []
  for await (const page of client.paginate(client.predictions.list)) pages.push(page)
  const listed = pages.flat().map(({ id }) => id)
  expect(pages.map(({ length }) => length)).toEqual([100, 100, 6])
  expect(new Set(listed)).toEqual(new Set([...created, newest].map(({ id }) => id)))
  expect(listed[0]).toBe(newest.id)
})
