import { expect, test } from 'vitest'
import { presentWithin } from './present-within.js'

const found = ['c', 'b', 'a'].map((id) => ({ id }))
const page = (mostBytes: number, next: string | null = null) =>
  presentWithin(found, next, async ({ id }) => [id.repeat(10)], mostBytes)

test('a page ends where its text is too much, goes on after what is on it, and always has one', async () => {
  expect(await page(15)).toEqual({ results: [['c'.repeat(10)], ['b'.repeat(10)]], next: 'b' })
  expect(await page(1)).toEqual({ results: [['c'.repeat(10)]], next: 'c' })
})

test('a page that holds all that was found goes on where the list does', async () => {
  expect((await page(1000)).next).toBeNull()
  expect(await page(30, 'a')).toMatchObject({ next: 'a' })
  expect((await page(30)).results).toHaveLength(3)
})
