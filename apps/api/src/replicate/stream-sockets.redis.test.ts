import { once } from 'node:events'
// oxlint-disable-next-line no-restricted-imports -- connects to the server under test
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import Replicate from 'replicate'
import { testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { closeHttpServer, createHttpServer } from '../server.js'
import { createTestApi, type TestApi, validInput } from '../test/test-api.js'

let api: TestApi
let server: ReturnType<typeof createHttpServer>
let origin: string
beforeEach(async () => {
  api = await createTestApi()
  server = createHttpServer(api.app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  await closeHttpServer(server, 100)
  await api.close()
})

const client = () => new Replicate({ auth: 'none', baseUrl: `${origin}/api/v1` })
const create = () => client().predictions.create({ version: testVersion.id, input: validInput })
const openStreams = () => [api.context.streams.size, api.context.subscriptions.size]

/** The path as it is asked for by somebody who then reads nothing more. */
async function connect(url: string) {
  const asked = request(url).end()
  const [answer] = await once(asked, 'response')
  return { asked, answer }
}

test('the official client streams a prediction while it runs', async () => {
  const events: string[] = []
  const reading = (async () => {
    for await (const { event, data } of client().stream(testVersion.model as 'augur/test', {
      input: validInput,
    }))
      events.push(`${event} ${data}`)
  })()
  const id = await api.held()
  await api.work(id, { output: { kind: 'inline', json: '"two\\nlines"' }, logs: 'seen\n' })
  await reading
  expect(events).toEqual(['logs seen\n', 'output two\nlines', 'done {}'])
})

test('headers come before the first event', async () => {
  const { urls } = await create()
  const { asked, answer } = await connect(urls.stream ?? '')
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/event-stream'])
  asked.destroy()
})

test('a client whose connection breaks frees everything', async () => {
  const { urls } = await create()
  const { asked } = await connect(urls.stream ?? '')
  await expect.poll(openStreams).toEqual([1, 1])
  asked.destroy()
  await expect.poll(openStreams).toEqual([0, 0])
})

test('a reader that stops reading holds up nobody, and gets the rest when it goes on', async () => {
  const { id, urls } = await create()
  const { answer } = await connect(urls.stream ?? '')
  answer.pause()
  const json = JSON.stringify('x'.repeat(4_000_000))
  await api.work(id, { output: { kind: 'inline', json } })
  const others = await Promise.all(
    Array.from({ length: 5 }, async () => (await fetch(urls.stream ?? '')).text()),
  )
  expect(others.map((text) => text.endsWith('data: {}\n\n'))).toEqual(Array.from({ length: 5 }, () => true))
  let size = 0
  for await (const chunk of answer) size += chunk.length
  expect(size).toBe(others[0]?.length)
  await expect.poll(openStreams).toEqual([0, 0])
})

test('a server that stops is not kept from it by its streams', async () => {
  const { urls } = await create()
  const { answer } = await connect(urls.stream ?? '')
  await expect.poll(openStreams).toEqual([1, 1])
  api.context.streams.stop()
  let text = ''
  for await (const chunk of answer) text += chunk
  expect(text).toContain('event: error\n')
  expect(openStreams()).toEqual([0, 0])
})
