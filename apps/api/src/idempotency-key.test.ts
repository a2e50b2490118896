import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { idempotencyOf } from './idempotency-key.js'

/** What a request with these headers is known by, and how often its text was asked for. */
async function read(headers: Record<string, string>) {
  let asked = 0
  const app = new Hono()
  app.post('/', (c) => {
    const found = idempotencyOf(c, () => {
      asked++
      return 'body'
    })
    return c.json(found)
  })
  const answer = await app.request('/', { method: 'POST', headers })
  const found: { key: string; fingerprint: string } | null = JSON.parse(await answer.text())
  return { found, asked }
}

test('a body is encoded to be compared only where a key asks for it', async () => {
  expect(await read({})).toEqual({ found: null, asked: 0 })
  expect(await read({ 'idempotency-key': 'k' })).toMatchObject({ found: { key: 'k' }, asked: 1 })
})

test('a key is the same in quotes and without', async () => {
  const [plain, quoted] = [await read({ 'idempotency-key': 'k' }), await read({ 'idempotency-key': '"k"' })]
  expect(quoted.found).toEqual(plain.found)
})
