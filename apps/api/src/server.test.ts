import { once } from 'node:events'
// oxlint-disable-next-line no-restricted-imports -- connects to the server under test
import { connect, type Socket } from 'node:net'
import { Hono } from 'hono'
import { afterEach, expect, test } from 'vitest'
import { problemSchema } from './problem.js'
import { cutSlowReaders } from './cut-slow-readers.js'
import { closeHttpServer, createHttpServer } from './server.js'

let close = async () => {}
afterEach(() => close())

async function listen(app: Hono, times?: Parameters<typeof createHttpServer>[1]): Promise<number> {
  const server = createHttpServer(app, times)
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
  return textOf(socket)
}

async function textOf(socket: Socket): Promise<string> {
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

test('a body that does not come is waited for so long, and that of an upload longer', async () => {
  const app = new Hono().onError((_, c) => c.text('broke off', 400))
  app.post('*', async (c) => c.text(`read ${(await c.req.arrayBuffer()).byteLength}`))
  const port = await listen(app, { bodyMs: 100, uploadMs: 60_000 })
  const start = (path: string) => {
    const socket = connect(port, '127.0.0.1')
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\nha`
    socket.write(head)
    return socket
  }
  const upload = start('/api/v1/files')
  await once(upload, 'connect')
  expect(await textOf(start('/api/v1/predictions'))).toMatch(/^HTTP\/1\.1 408 /)
  upload.write('lf')
  expect(await textOf(upload)).toMatch(/^HTTP\/1\.1 200 [^]*read 4$/)
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

/** An answer in pieces, as large ones are made. */
function inPieces(text: string): Response {
  let at = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= text.length) return controller.close()
      controller.enqueue(Buffer.from(text.slice(at, at + 65_536)))
      at += 65_536
    },
  })
  return new Response(body, { headers: { 'content-length': String(text.length) } })
}

const patient = { patienceMs: 600_000, mostWaitingBytes: Infinity, pressedLooks: 10 }

test.each([
  ['for long', { ...patient, patienceMs: 200 }],
  ['while much waits for all of them', { ...patient, mostWaitingBytes: 10_000_000 }],
])(
  'who does not take an answer %s loses the connection, and who takes it slowly keeps it',
  async (_when, limits) => {
    const large = 'x'.repeat(20_000_000)
    const server = createHttpServer(new Hono().get('/', () => inPieces(large)))
    cutSlowReaders(server, { lookEveryMs: 20, leastBytes: 1024, ...limits })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    close = () => closeHttpServer(server, 1000)
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const request = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    const [idle, busy] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    const cut = new Promise<void>((resolve) => {
      server.on('request', (_, { socket }) => {
        if (socket?.remotePort === idle.localPort) socket?.once('close', () => resolve())
      })
    })
    idle.on('error', () => {})
    for (const socket of [idle, busy]) socket.write(request)
    idle.pause()
    const taken = textOf(busy)
    await cut
    expect((await taken).length).toBeGreaterThan(large.length)
    idle.destroy()
  },
)

test('while the server leaves, every answer ends its connection', async () => {
  let isLeaving = false
  const server = createHttpServer(
    new Hono().get('/', (c) => c.text('here')),
    undefined,
    () => isLeaving,
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  close = () => closeHttpServer(server, 1000)
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
  expect((await fetch(url)).headers.get('connection')).toBe('keep-alive')
  isLeaving = true
  expect((await fetch(url)).headers.get('connection')).toBe('close')
})
