import { once } from 'node:events'
import { connect } from 'node:net'
import { Hono } from 'hono'
import { afterEach, expect, test } from 'vitest'
import { problemSchema } from './problem.js'
import { closeHttpServer, createHttpServer } from './server.js'

let close = async () => {}
afterEach(() => close())

async function listen(app: Hono): Promise<number> {
  const server = createHttpServer(app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  close = () => closeHttpServer(server, 1000)
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Sends bytes as they are and returns all that comes back. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.end(bytes)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

test.each(['GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 'GET /a\\b HTTP/1.1\r\nHost: localhost\r\n\r\n'])(
  'a request that is malformed is a problem too: %j',
  async (bytes) => {
    const answer = await exchange(await listen(new Hono()), bytes)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(problemSchema.parse(JSON.parse(answer.slice(answer.indexOf('{')))).code).toBe('invalid_request')
  },
)

test('headers over 8 KiB are refused', async () => {
  const bytes = `GET / HTTP/1.1\r\nHost: localhost\r\nx: ${'x'.repeat(9000)}\r\n\r\n`
  expect(await exchange(await listen(new Hono()), bytes)).toMatch(/^HTTP\/1\.1 431 /)
})

test('closing lets a request under way finish, and accepts no more', async () => {
  let finish = () => {}
  let started = () => {}
  const under = new Promise<void>((resolve) => {
    started = resolve
  })
  const app = new Hono().get('/', async (c) => {
    started()
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    return c.text('finished')
  })
  const port = await listen(app)
  const answer = fetch(`http://127.0.0.1:${port}/`)
  await under
  const closed = close()
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed')
  finish()
  expect(await (await answer).text()).toBe('finished')
  await closed
  close = async () => {}
})
