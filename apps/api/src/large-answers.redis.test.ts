import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { closeHttpServer, createHttpServer } from './server.js'
import { createTestApi, type TestApi } from './test/test-api.js'

const large = JSON.stringify({ text: 'grüße € '.repeat(200_000) })
const path = (id: string) => `/api/v1/predictions/${id}`

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

/** A prediction that ended with this output. */
async function ended(json: string): Promise<{ id: string; key: string }> {
  const { id }: { id: string } = JSON.parse(await (await api.create()).text())
  const output = await api.context.payloads.keep(id, 'output', json)
  await api.work(id, { output })
  return { id, key: output.kind === 'stored' ? output.key : '' }
}

async function ask(address: string): Promise<Response> {
  const response = await api.app.request(address)
  expect(response.status).toBe(200)
  return response
}

test('an answer with a large payload is the same JSON as any other', async () => {
  const { id } = await ended(large)
  const answer = await (await ask(path(id))).json()
  expect(answer).toMatchObject({ id, status: 'succeeded', output: JSON.parse(large) })
})

test('a page holds large payloads beside small ones', async () => {
  const small = '{"text":"no more"}'
  const ids = [(await ended(large)).id, (await ended(small)).id, (await ended(large)).id]
  const page: { results: { id: string; output: unknown }[] } = JSON.parse(
    await (await ask('/api/v1/predictions')).text(),
  )
  const outputs = new Map(page.results.map(({ id, output }) => [id, output]))
  expect(ids.map((id) => JSON.stringify(outputs.get(id)))).toEqual([large, small, large])
})

test('a payload that retention removed is null, in answers of any length', async () => {
  const { id, key } = await ended(large)
  await api.context.payloads.delete(key)
  expect(await (await ask(path(id))).json()).toMatchObject({ id, output: null })
})

test('a large payload is read as its answer leaves: those who do not take it hold none of it', async () => {
  const { id, key } = await ended(large)
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(path(id))))
  await api.context.payloads.delete(key)
  for (const answer of answers) expect((await answer.text()).length).toBeLessThan(large.length / 2)
})

test('an answer whose payload cannot be read ends its connection: nobody takes half of it for the whole', async () => {
  const { id, key } = await ended(large)
  const server = createHttpServer(api.app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  // Its length was asked for by then.
  const sizeBytes = api.context.payloadStore.sizeBytes.bind(api.context.payloadStore)
  api.context.payloadStore.sizeBytes = async (asked) => {
    const bytes = await sizeBytes(asked)
    if (asked === key) await api.context.payloads.delete(key)
    return bytes
  }
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const read = fetch(`http://127.0.0.1:${port}${path(id)}`).then((answer) => answer.text())
  await expect(read).rejects.toThrow('terminated')
  await closeHttpServer(server, 1000)
})
