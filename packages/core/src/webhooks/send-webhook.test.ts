import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Server } from 'node:net'
import { validateWebhook } from 'replicate'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { createGuardedAgent } from '../outbound/guarded-agent.js'
import { sendWebhook } from './send-webhook.js'
import { deriveWebhookSecret } from './webhook-secret.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const secret = deriveWebhookSecret(Buffer.alloc(32, 1), 'default')
const body = '{"id":"p","output":"grüße 🦉"}'

interface Received {
  headers: IncomingMessage['headers']
  body: string
}

/** As a receiver verifies with the official client. */
function validates(headers: Record<string, string>, text: string, key: string): Promise<boolean> {
  const header = (name: string) => headers[name] ?? ''
  const signed = {
    id: header('webhook-id'),
    timestamp: header('webhook-timestamp'),
    signature: header('webhook-signature'),
  }
  return validateWebhook({ ...signed, body: text, secret: key })
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function receive(answer: (response: ServerResponse) => void) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let sent = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      sent += text
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body: sent })
      answer(response)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${portOf(server)}/`, received }
}

function send(url: string, now: () => number = Date.now) {
  const agent = createGuardedAgent({ mode: 'development', allow: [] })
  cleanups.push(() => agent.dispatcher.destroy())
  return sendWebhook(
    { agent, secrets: [secret], now, timeoutMs: 2_000 },
    { id: 'msg_1', url, body, contentType: 'application/json' },
  )
}

describe('sendWebhook', () => {
  it('sends what both official libraries verify', async () => {
    const { url, received } = await receive((response) => response.end())
    expect(await send(url)).toMatchObject({ kind: 'delivered', status: 200 })
    const [request] = received
    expect(request?.body).toBe(body)
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'msg_1' })
    expect(request?.headers['user-agent']).toMatch(/^Augur\/\d+\.\d+\.\d+$/)
    const headers = Object.fromEntries(
      Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    )
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body))
    expect(await validates(headers, body, secret)).toBe(true)
  })

  it('stamps and signs each attempt anew under the same id', async () => {
    const { url, received } = await receive((response) => response.end())
    await send(url, () => 1_700_000_000_999)
    await send(url, () => 1_700_000_300_000)
    expect(received.map(({ headers }) => headers['webhook-timestamp'])).toEqual(['1700000000', '1700000300'])
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(received.map(({ headers }) => headers['webhook-signature'])).size).toBe(2)
  })

  it.each([200, 201, 202, 204, 299])('counts %i as delivered', async (status) => {
    const { url } = await receive((response) => response.writeHead(status).end())
    expect(await send(url)).toMatchObject({ kind: 'delivered', status })
  })

  it.each([300, 301, 302, 304, 307, 308])('counts %i as refused and does not follow it', async (status) => {
    const canary = await receive((response) => response.end())
    const { url } = await receive((response) => response.writeHead(status, { location: canary.url }).end())
    expect(await send(url)).toMatchObject({ kind: 'refused', status, reason: 'redirect' })
    expect(canary.received).toEqual([])
  })

  it.each([400, 401, 404, 408, 500, 502, 504, 599])(
    'counts %i as refused, without its Retry-After',
    async (status) => {
      const { url } = await receive((response) =>
        response.writeHead(status, { 'retry-after': '5' }).end('why'),
      )
      const outcome = await send(url)
      expect(outcome).toMatchObject({ kind: 'refused', status, reason: 'status', bodyExcerpt: 'why' })
      expect(outcome).not.toHaveProperty('retryAfter')
    },
  )

  it.each([429, 503])('passes on the Retry-After of %i', async (status) => {
    const { url } = await receive((response) => response.writeHead(status, { 'retry-after': '120' }).end())
    expect(await send(url)).toMatchObject({ kind: 'refused', status, retryAfter: '120' })
  })

  it('counts 410 as gone', async () => {
    const { url } = await receive((response) => response.writeHead(410).end())
    expect(await send(url)).toMatchObject({ kind: 'gone', status: 410 })
  })

  it('counts no answer as failed, with a reason from the closed list', async () => {
    expect(await send('http://127.0.0.1:1/')).toMatchObject({ kind: 'failed', reason: 'connection' })
    expect(await send('http://169.254.169.254/')).toMatchObject({ kind: 'failed', reason: 'blocked_address' })
  })
})
