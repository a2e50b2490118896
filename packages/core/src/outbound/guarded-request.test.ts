import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, it } from 'vitest'
import { createGuardedAgent, type GuardedAgent } from './guarded-agent.js'
import { type PostRequest, post } from './guarded-request.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function createAgent(options: Parameters<typeof createGuardedAgent>[1] = {}): GuardedAgent {
  const agent = createGuardedAgent({ mode: 'development', allow: [] }, options)
  cleanups.push(() => agent.dispatcher.destroy())
  return agent
}

function deferred<T>() {
  const settled: { resolve?: (value: T) => void } = {}
  const promise = new Promise<T>((resolve) => {
    settled.resolve = resolve
  })
  return { promise, resolve: (value: T) => settled.resolve?.(value) }
}

interface Listening {
  url: string
  sockets: Set<Socket>
}

function portOf(server: TcpServer): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function listen(server: TcpServer, scheme = 'http'): Promise<Listening> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `${scheme}://127.0.0.1:${portOf(server)}/hook`, sockets }
}

function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Listening> {
  return listen(createServer(answer))
}

/** Answers each connection with raw bytes and leaves it open. */
function serveRaw(bytes: string): Promise<Listening> {
  return listen(createTcpServer((socket) => socket.once('data', () => socket.write(bytes))))
}

function send(agent: GuardedAgent, url: string, changes: Partial<PostRequest> = {}) {
  return post(agent, { url, headers: {}, body: '{}', ...changes })
}

it('posts exactly the given bytes and headers and gives the whole answer', async () => {
  const received: { request: IncomingMessage; body: Buffer }[] = []
  const { url } = await serve((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ request, body: Buffer.concat(chunks) })
      response.writeHead(201, { 'X-Answer': 'Yes' }).end('grüße')
    })
  })
  const body = Buffer.from('{"a":"ü"}')
  const result = await send(createAgent(), `${url}?a=1&b=%20`, {
    headers: { 'content-type': 'application/json' },
    body,
  })
  expect(result).toMatchObject({
    kind: 'response',
    status: 201,
    headers: { 'x-answer': 'Yes' },
    bodyExcerpt: 'grüße',
  })
  expect(received[0]?.body).toEqual(body)
  expect(received[0]?.request).toMatchObject({ method: 'POST', url: '/hook?a=1&b=%20' })
  expect(received[0]?.request.headers).toEqual({
    host: new URL(url).host,
    connection: 'keep-alive',
    'content-type': 'application/json',
    'content-length': String(body.length),
  })
})

it('uses its connections again after small answers', async () => {
  const { url, sockets } = await serve((request, response) =>
    request.resume().on('end', () => response.end('x'.repeat(60_000))),
  )
  const agent = createAgent()
  for (let round = 0; round < 20; round += 1)
    expect(await send(agent, url)).toMatchObject({ kind: 'response' })
  // A socket is free one turn of the event loop after its answer, so that two take turns.
  expect(sockets.size).toBeLessThanOrEqual(2)
})

it('keeps to its number of connections for one origin', async () => {
  const { url, sockets } = await serve((request, response) =>
    request.resume().on('end', () => setImmediate(() => response.end())),
  )
  const agent = createAgent({ connectionsPerOrigin: 4 })
  const results = await Promise.all(Array.from({ length: 200 }, () => send(agent, url)))
  expect(results.every((result) => result.kind === 'response')).toBe(true)
  expect(sockets.size).toBeLessThanOrEqual(4)
})

it.each([300, 301, 302, 303, 307, 308])('does not follow a redirect with status %i', async (status) => {
  const canary = await serve((_, response) => response.end())
  const { url } = await serve((_, response) => response.writeHead(status, { location: canary.url }).end())
  expect(await send(createAgent(), url)).toMatchObject({
    kind: 'response',
    status,
    headers: { location: canary.url },
  })
  expect(canary.sockets.size).toBe(0)
})

it('takes no notice of proxy settings', async () => {
  const proxy = await serve((_, response) => response.end())
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']
  for (const name of names) process.env[name] = name.startsWith('NODE') ? '1' : new URL(proxy.url).origin
  cleanups.push(() => names.forEach((name) => delete process.env[name]))
  const { url } = await serve((_, response) => response.end('direct'))
  expect(await send(createAgent(), url)).toMatchObject({ bodyExcerpt: 'direct' })
  expect(proxy.sockets.size).toBe(0)
})

it('ends a body that drips for ever at the total deadline and closes its connection', async () => {
  const closed = deferred<true>()
  const { url } = await serve((_, response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write('x'), 20)
    response.on('close', () => {
      clearInterval(drip)
      closed.resolve(true)
    })
  })
  expect(await send(createAgent(), url, { timeoutMs: 200 })).toMatchObject({
    kind: 'failed',
    code: 'timeout',
  })
  expect(await closed.promise).toBe(true)
})

it('ends at the deadline when headers drip, when nothing is answered and when nothing is accepted', async () => {
  const silent = await serve(() => {})
  const dripping = await listen(
    createTcpServer((socket) => {
      const drip = setInterval(
        () => socket.write('HTTP/1.1 200 OK\r\nx: y\r\n'.at(socket.bytesWritten) ?? 'z'),
        10,
      )
      socket.on('close', () => clearInterval(drip))
    }),
  )
  const agent = createAgent({ lookup: () => {} })
  for (const url of [silent.url, dripping.url, dripping.url.replace('127.0.0.1', 'localhost')]) {
    expect(await send(agent, url, { timeoutMs: 100 })).toMatchObject({ kind: 'failed', code: 'timeout' })
  }
})

it('counts waiting for a free connection, and does not send what ended meanwhile', async () => {
  let requests = 0
  const first = deferred<ServerResponse>()
  const { url } = await serve((request, response) => {
    requests += 1
    request.resume()
    if (requests === 1) first.resolve(response)
    else response.end()
  })
  const agent = createAgent({ connectionsPerOrigin: 1 })
  const slow = send(agent, url)
  const held = await first.promise
  expect(await send(agent, url, { timeoutMs: 50 })).toMatchObject({ kind: 'failed', code: 'timeout' })
  held.end()
  expect(await slow).toMatchObject({ kind: 'response' })
  expect(await send(agent, url)).toMatchObject({ kind: 'response' })
  expect(requests).toBe(2)
})

it('reads 64 KiB of a huge body, keeps 20 kB and closes the connection', async () => {
  const closed = deferred<number>()
  const { url } = await serve((_, response) => {
    let written = 0
    const write = () => {
      do written += 65_536
      while (response.write(Buffer.alloc(65_536, 'a')))
    }
    response.on('drain', write).on('close', () => closed.resolve(written))
    write()
  })
  const result = await send(createAgent(), url)
  expect(result).toMatchObject({ kind: 'response', status: 200, bodyExcerpt: 'a'.repeat(20_000) })
  expect(await closed.promise).toBeLessThan(64 * 1024 * 1024)
})

it('never decompresses', async () => {
  const bomb = gzipSync(Buffer.alloc(10_000_000))
  const { url } = await serve((_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
  )
  const result = await send(createAgent(), url)
  expect(result.kind === 'response' && result.bodyExcerpt.length).toBeLessThanOrEqual(20_000)
  expect(result.kind === 'response' && result.bodyExcerpt.charCodeAt(0)).toBe(0x1f)
})

it('sorts a connection that is refused, reset before the answer or in the middle of it', async () => {
  const reset = await listen(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())))
  const half = await listen(
    createTcpServer((socket) =>
      socket.once('data', () =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf', () => socket.resetAndDestroy()),
      ),
    ),
  )
  const agent = createAgent()
  for (const url of [reset.url, half.url, 'http://127.0.0.1:1/']) {
    expect(await send(agent, url)).toMatchObject({ kind: 'failed', code: 'connection' })
  }
})

it.each([
  ['garbage', 'garbage\r\n\r\n'],
  ['conflicting lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n'],
  ['endless headers', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`],
  ['a flood of informational answers', 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'.repeat(1_000)],
])('sorts %s as a protocol failure', async (_, bytes) => {
  const { url } = await serveRaw(bytes)
  expect(await send(createAgent(), url)).toMatchObject({ kind: 'failed', code: 'protocol' })
})

it('survives answer headers that are named like properties of objects', async () => {
  const { url } = await serveRaw(
    'HTTP/1.1 200 OK\r\n__proto__: x\r\nconstructor: y\r\ntoString: z\r\ncontent-length: 0\r\n\r\n',
  )
  expect(await send(createAgent(), url)).toMatchObject({ kind: 'response', status: 200 })
})

it('sorts a name that does not resolve, without naming an address', async () => {
  const failure = Object.assign(new Error('getaddrinfo ENOTFOUND x 10.0.0.1'), { code: 'ENOTFOUND' })
  const agent = createAgent({ lookup: (_, __, callback) => callback(failure, []) })
  const result = await send(agent, 'https://nowhere.example.com/')
  expect(result).toMatchObject({
    kind: 'failed',
    code: 'dns',
    message: 'The host name did not resolve (ENOTFOUND).',
  })
})

it('sorts a name that resolves to a blocked address', async () => {
  const agent = createAgent({
    lookup: (_, __, callback) => callback(null, [{ address: '10.0.0.1', family: 4 }]),
  })
  const result = await send(agent, 'https://private.example.com/')
  expect(result).toMatchObject({ kind: 'failed', code: 'blocked_address' })
  expect(JSON.stringify(result)).not.toContain('10.0.0.1')
})

it('sorts a receiver without TLS and one with a certificate that nobody signed', async () => {
  const plain = await serveRaw('HTTP/1.1 400 Bad Request\r\n\r\n')
  const selfSigned = await listen(createTlsServer({ key: testKey, cert: testCertificate }), 'https')
  const agent = createAgent()
  for (const url of [plain.url.replace('http:', 'https:'), selfSigned.url]) {
    expect(await send(agent, url)).toMatchObject({ kind: 'failed', code: 'tls' })
  }
})

it.each([
  'http://10.0.0.1/',
  'http://localhost@10.0.0.1/',
  'file:///etc/passwd',
  'http://127.0.0.1:80/\r\nx: y',
])('refuses %j before anything is dialled', async (url) => {
  expect(await send(createAgent(), url)).toMatchObject({ kind: 'failed', code: 'blocked_address' })
})

it.each(['a\r\nx-injected: 1', 'a\0b', 'a\nb'])('sends nothing when a header holds %j', async (value) => {
  const { url, sockets } = await serve((_, response) => response.end())
  expect(await send(createAgent(), url, { headers: { 'x-event': value } })).toMatchObject({
    kind: 'failed',
    code: 'protocol',
  })
  expect(sockets.size).toBe(0)
})

// Self-signed for this test; it protects nothing.
const testKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFtC7rawezD9XVSNk
eT6F+/ETbIRZ54ygmrWA98t7zwGhRANCAARnwBdH+/uZ3w81f6U8QWlbzO/SEALn
xpBk4/ekylncdcpC9QZ3VoTdy6BGQLFZZqN/WIHxe8HLCSK2BDs+H8xd
-----END PRIVATE KEY-----
`
const testCertificate = `-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUUeFQO9G+EQqT3FRj6ArhejVwOi0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE2Mjg0OVoYDzIxMjYxMDI5
MTYyODQ5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARnwBdH+/uZ3w81f6U8QWlbzO/SEALnxpBk4/ekylncdcpC9QZ3VoTd
y6BGQLFZZqN/WIHxe8HLCSK2BDs+H8xdo1MwUTAdBgNVHQ4EFgQUzGZsPWIS8SS7
qfRJiaIVYb96vEQwHwYDVR0jBBgwFoAUzGZsPWIS8SS7qfRJiaIVYb96vEQwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA8VLKgVhc0L/OywmE2Ctu
RfrXOqczcZSB5HAmXcH8V3wCIQCCZLNDaDbI0EBPz/sjmsCzCKEIz0M2PxyQwlS4
mNhvVg==
-----END CERTIFICATE-----
`
