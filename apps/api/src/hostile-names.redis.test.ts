import { EventEmitter, once } from 'node:events'
import { randomToken } from '@augur/core/ids'
import { type RedisServer, startRedis } from '@augur/test-support/redis-server'
import { watchCommands } from '@augur/test-support/watch-commands'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Names, routeTable } from './test/route-table.js'
import { createTestApi, type TestApi } from './test/test-api.js'
import { createPrediction, createTenant, send, type Tenant } from './test/two-tenants.js'

const signs = [
  '*',
  '?',
  '[a-z]',
  '{',
  '}',
  '{}',
  ':',
  '{tenant:globex}',
  '\\',
  '\r\n',
  '\0',
  '/',
  '..',
  '%2f',
  'é',
  ' ',
]
const hostile = fc
  .array(fc.constantFrom(...signs), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(''))
  // Of dots, dashes and a slash alone the name of a model may be made.
  .filter((text) => /[^\w./-]/.test(text))

let server: RedisServer
let api: TestApi
let acme: Tenant
beforeAll(async () => {
  // One of its own: everything that it is told is this test's doing.
  server = await startRedis()
  api = await createTestApi({ REDIS_URL: server.url, AUGUR_REQUIRE_KEY: 'true' })
  acme = { name: 'acme', headers: await api.signIn('acme') }
  await createPrediction(api, await createTenant(api, 'globex'), 'open')
})
afterAll(async () => {
  await api.close()
  await server.stop()
})

/** All commands that Redis takes while `work` runs, with their arguments. */
async function commandsDuring(work: () => Promise<void>): Promise<string[][]> {
  const seen: string[][] = []
  const end = randomToken()
  const events = new EventEmitter()
  const ended = once(events, 'ended')
  const watch = await watchCommands(server.url, (given) => {
    seen.push(given)
    if (given.includes(end)) events.emit('ended')
  })
  await work()
  await api.core.redis.echo(end)
  await ended
  watch.stop()
  return seen
}

/** Requests that name something by this text, one for each place where a request can. */
function requestsNaming(text: string) {
  const names: Names = {
    predictionId: text,
    cursorId: text,
    idempotencyKey: randomToken(),
    fileId: text,
    batchId: text,
    replayId: text,
    deliveryId: text,
  }
  const inPaths = Object.entries(routeTable).filter(([route]) => route.includes('/:'))
  const parametrised = inPaths.map(([route, { request }]) => {
    const [, pattern = ''] = route.split(' ')
    return { ...request(names), path: pattern.replaceAll(/:\w+/g, encodeURIComponent(text)) }
  })
  const create = { method: 'POST', path: '/api/v1/predictions' }
  const input = { x: [1, 2, 3] }
  return [
    ...parametrised,
    { method: 'GET', path: `/api/v1/predictions/${encodeURIComponent(text)}?wait=1` },
    { method: 'GET', path: `/api/v1/predictions?cursor=${Buffer.from(text).toString('base64url')}` },
    { method: 'GET', path: `/admin/audit?cursor=${encodeURIComponent(text)}` },
    { ...create, body: { version: text, input } },
    { ...create, path: '/admin/keys', body: { name: 'n', tenant: text, scopes: ['read'] } },
    { ...create, path: '/api/v1/predict', body: { model: text, input } },
    { ...create, path: '/api/v1/predict', body: { model: 'test', version: text, input } },
  ]
}

test('no name that a caller makes up reaches Redis', async () => {
  const marker = randomToken()
  const seen = await commandsDuring(() =>
    fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        // What workers say of themselves holds for a few seconds.
        await api.announce('ready')
        for (const request of requestsNaming(text + marker)) {
          const { status } = await send(api, request, acme)
          expect([400, 404, 422], `${request.method} ${request.path}`).toContain(status)
        }
      }),
      { numRuns: 30 },
    ),
  )
  expect(seen.flat().filter((argument) => argument.includes(marker))).toEqual([])
  expect(await api.ids('acme')).toEqual([])
})

test('an idempotency key is a digest in Redis, whatever its text', async () => {
  const printable = hostile.filter((text) => /^[\x20-\x7e]+$/.test(text) && text.trim() !== '')
  const marker = randomToken()
  const seen = await commandsDuring(() =>
    fc.assert(
      fc.asyncProperty(printable, async (text) => {
        const headers = { ...acme.headers, 'idempotency-key': `${text}${marker}${randomToken()}` }
        expect((await api.create(headers)).status).toBe(201)
      }),
      { numRuns: 30 },
    ),
  )
  expect(seen.flat().filter((argument) => argument.includes(marker))).toEqual([])
})

test('every key that a request touches is one that the server names', async () => {
  const seen = await commandsDuring(async () => {
    const id = await createPrediction(api, acme, 'ended')
    await send(api, { method: 'GET', path: `/api/v1/predictions/${id}?wait=1` }, acme)
    await send(api, { method: 'GET', path: '/api/v1/predictions' }, acme)
  })
  // How many predictions others have in a queue is looked up all the time, whoever asks for what.
  const asked = seen.filter(([command]) => command !== 'zcount').flat()
  const keys = asked.filter((argument) => argument.startsWith(`${api.core.prefix}:`))
  expect(keys.length).toBeGreaterThan(0)
  const named = /^[\w-]+:(?:\{(?:tenant:[a-z0-9-]+|[a-z0-9]+)\}(?::[\w:.-]+)?|(?:ended|canceled):[\w:]*)$/
  expect(keys.filter((key) => !named.test(key))).toEqual([])
  const tenants = keys.flatMap((key) => /\{tenant:([^}]*)\}/.exec(key)?.[1] ?? [])
  expect(new Set(tenants)).toEqual(new Set(['acme']))
})
