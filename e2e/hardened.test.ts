import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accessRules } from '@augur/core/redis/access-rules'
import { descendantsOf } from '@augur/test-support/test-stack'
import { startWebhookReceiver } from '@augur/test-support/webhook-receiver'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Hardened, startHardened } from './support/hardened.js'

const modelsDir = fileURLToPath(new URL('../models', import.meta.url))
const digit = { pixels: Array.from({ length: 64 }, (_, i) => i % 17) }
const json = 'application/json'

let hardened: Hardened
/** Everything that the server answered. */
const answered: string[] = []
beforeAll(async () => {
  hardened = await startHardened(modelsDir)
}, 120_000)
afterAll(() => hardened?.stop())

interface Call {
  method?: string
  key?: string
  body?: unknown
  headers?: Record<string, string>
}

/** What the route answers; a secret that it is meant to show is for its caller alone and not kept. */
async function call(path: string, { method, key, body, headers }: Call = {}, shows = false): Promise<string> {
  const isText = typeof body === 'string' || body instanceof FormData
  const response = await fetch(`${hardened.stack.url}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      authorization: `Bearer ${key ?? hardened.apiKey}`,
      ...(body !== undefined && !isText && { 'content-type': json }),
      ...headers,
    },
    ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!shows) answered.push(text, JSON.stringify([...response.headers]))
  return text
}

const idIn = (text: string) => (JSON.parse(text) as { id: string }).id
const keyIn = (text: string) => (JSON.parse(text) as { key: string }).key

/** A bit of everything: what callers, operators, workers and deliveries do. */
async function useEverything(): Promise<void> {
  const receiver = await startWebhookReceiver()
  const wish = { name: 'story', tenant: 'acme', scopes: ['predict', 'read', 'webhooks', 'models', 'admin'] }
  const key = keyIn(await call('/admin/keys', { body: wish }, true))
  const signing = keyIn(await call('/api/v1/webhooks/default/secret', { key }, true))
  hardened.secrets.set('a key of the store', key.slice(key.lastIndexOf('_', 20) + 1))
  hardened.secrets.set('the signing secret', signing.replace('whsec_', ''))

  const version = 'augur/digits'
  const create = {
    version,
    input: digit,
    webhook: receiver.url,
    webhook_events_filter: ['start', 'completed'],
  }
  const waited = await call('/api/v1/predictions', { key, body: create, headers: { prefer: 'wait=20' } })
  const repeated = { key, body: create, headers: { 'idempotency-key': 'story', prefer: 'wait=20' } }
  await call('/api/v1/predictions', repeated)
  await call('/api/v1/predictions', repeated)
  const id = idIn(waited)
  for (const path of [`/${id}`, `/${id}?wait=1`, `/${id}/stream`, `/${id}/deliveries`, ''])
    await call(`/api/v1/predictions${path}`, { key })
  const canceled = idIn(await call('/api/v1/predictions', { key, body: { version, input: digit } }))
  await call(`/api/v1/predictions/${canceled}/cancel`, { key, method: 'POST' })
  await call(`/api/v1/predictions/${id}/retry`, { key, method: 'POST' })
  await call('/api/v1/predict', { key, body: { model: 'digits', input: digit } })
  const tensor = { name: 'image', shape: [1, 1, 8, 8], datatype: 'FP32', data: digit.pixels }
  await call('/v2/models/digits/infer', { key, body: { inputs: [tensor] } })
  const lines = Array.from({ length: 5 }, () => JSON.stringify({ input: digit })).join('\n')
  const jsonl = { 'content-type': 'application/jsonl' }
  const batch = idIn(await call(`/api/v1/batches?version=${version}`, { key, body: lines, headers: jsonl }))
  await call(`/api/v1/batches/${batch}/stream`, { key })
  await call(`/api/v1/batches/${batch}/results`, { key })
  const form = new FormData()
  form.set('content', new Blob(['hello']), 'hello.txt')
  const file = idIn(await call('/api/v1/files', { key, body: form }))
  await call(`/api/v1/files/${file}/download`, { key })
  await call(`/api/v1/files/${file}`, { key, method: 'DELETE' })
  const rollout = { mode: 'shadow', candidate: 'int8', percent: 100, force: true, reason: 'story' }
  await call('/api/v1/models/augur/digits/rollout', { key, method: 'PUT', body: rollout })
  await call('/api/v1/predict', { key, body: { model: 'digits', input: digit } })
  await call('/api/v1/models/augur/digits/rollout', { key })
  await call('/api/v1/models/augur/digits/rollout', { key, method: 'DELETE' })
  for (const path of [
    '/api/v1/models',
    '/api/v1/health',
    '/admin/keys',
    '/admin/audit',
    '/admin/overview',
    '/admin/versions',
    '/admin/accounting',
    '/admin/queues/api/queues',
  ])
    await call(path, { key })
  const { version: versionId } = JSON.parse(waited) as { version: string }
  for (const change of ['pause', 'purge', 'drain', 'resume'])
    await call(`/admin/versions/${versionId}/${change}`, { key, body: {} })
  await receiver.waitFor(4)
  await receiver.close()
}

/** Keys where none belongs, and requests that fail in every way. */
async function misuse(): Promise<void> {
  const secret = hardened.apiKey
  await call(`/api/v1/predictions/${secret}`)
  await call(`/${secret}?key=${secret}`)
  await call('/api/v1/predictions', { body: `{"version":"${secret}` })
  await call('/api/v1/predictions', { body: { version: secret, input: { [secret]: secret } } })
  await call('/api/v1/predictions', { headers: { 'x-request-id': secret.slice(0, 60), cookie: secret } })
  await call('/api/v1/predict', { body: { model: secret, input: {} } })
  await call('/admin/keys', { body: { name: 1, tenant: secret } })
}

test('every process does all of its work as a user who may do nothing else', async () => {
  await useEverything()
  const failures = answered.filter((text) => /"status":[45]\d\d/.test(text))
  expect(failures).toEqual([])
  // Redis notes what it refused to whom; another process's password would stand here too.
  const refused = (await hardened.admin.call('ACL', 'LOG')) as string[][]
  expect(refused).toEqual([])
}, 120_000)

test('a user may neither read nor change the server, nor touch what has another name', async () => {
  const dryRun = (user: string, ...command: string[]) =>
    hardened.admin.call('ACL', 'DRYRUN', user, ...command)
  const forbidden = [
    ['FLUSHALL'],
    ['FLUSHDB'],
    ['KEYS', '*'],
    ['SCAN', '0'],
    ['CONFIG', 'GET', '*'],
    ['CONFIG', 'SET', 'dir', '/tmp'],
    ['DEBUG', 'SLEEP', '1'],
    ['MODULE', 'LOAD', '/tmp/x.so'],
    ['SHUTDOWN'],
    ['REPLICAOF', 'h', '1'],
    ['ACL', 'LIST'],
    ['MONITOR'],
    ['CLIENT', 'KILL', 'TYPE', 'normal'],
    ['SAVE'],
    ['MIGRATE', 'h', '1', 'k', '0', '1'],
    ['GET', 'another:key'],
    ['SET', 'hardenedx', '1'],
    ['PUBLISH', 'another', 'x'],
    ['EVAL', 'return 1', '1', 'another:key'],
  ]
  for (const user of ['augur-api', 'augur-worker'])
    for (const command of forbidden)
      expect(await dryRun(user, ...command), `${user} ${command.join(' ')}`).not.toBe('OK')
  expect(await dryRun('augur-api', 'GET', 'hardened:request-rate:x')).toBe('OK')
  expect(await dryRun('augur-worker', 'GET', 'hardened:request-rate:x')).not.toBe('OK')
  expect(accessRules('api', 'hardened')).not.toContain('+bzpopmin')
})

test('without a password, or with an unknown authority, nobody reaches Redis', async () => {
  const { tlsUrl } = hardened
  if (tlsUrl === null) return
  const reasonsOf = async (options: object) => {
    const redis = new Redis(tlsUrl, { lazyConnect: true, retryStrategy: null, ...options })
    const reasons: string[] = []
    redis.on('error', (error) => reasons.push(String(error)))
    const answer = redis.connect().then(() => redis.get('hardened:x'))
    await answer.catch((error: unknown) => reasons.push(String(error)))
    redis.disconnect()
    return reasons.join()
  }
  expect(await reasonsOf({})).toMatch(/self.signed certificate/)
  expect(await reasonsOf({ tls: { rejectUnauthorized: false } })).toMatch(/NOAUTH/)
})

async function filesBelow(folder: string): Promise<[string, string][]> {
  const paths = await readdir(folder, { recursive: true })
  const files = await Promise.all(
    paths.map(async (path): Promise<[string, string][]> => {
      const whole = join(folder, path)
      return (await stat(whole)).isFile() ? [[path, await readFile(whole, 'latin1')]] : []
    }),
  )
  return files.flat()
}

test('no secret stands in a log, an answer, a metric, a process list, an environment of a runner, or on disk', async () => {
  await misuse()
  const { stack, redisDir, dataDir, secrets } = hardened
  const metrics = await call('/metrics')
  const processes = [stack.api, ...stack.workers]
  const runners = stack.workers.flatMap(({ pid }) => descendantsOf(pid))
  const pids = [...processes.map(({ pid }) => pid), ...runners]
  const places: [string, string][] = [
    ...processes.map(({ pid, output }): [string, string] => [`the log of ${pid}`, output()]),
    ...answered.map((text, i): [string, string] => [`answer ${i}`, text]),
    ['metrics', metrics],
    ...(await Promise.all(
      pids.map(
        async (pid): Promise<[string, string]> => [
          `arguments of ${pid}`,
          await readFile(`/proc/${pid}/cmdline`, 'latin1'),
        ],
      ),
    )),
    ...(await Promise.all(
      runners.map(
        async (pid): Promise<[string, string]> => [
          `environment of ${pid}`,
          await readFile(`/proc/${pid}/environ`, 'latin1'),
        ],
      ),
    )),
    ...(await filesBelow(redisDir)),
    ...(await filesBelow(dataDir)),
  ]
  // What is looked through is what was meant to be.
  expect(runners.length).toBeGreaterThan(0)
  expect(places.find(([place]) => place.startsWith('the log'))?.[1]).toContain('"msg"')
  expect(places.some(([place, text]) => place.includes('aof') && text.includes('hardened:'))).toBe(true)
  expect(secrets.size).toBe(7)
  const found = places.flatMap(([place, text]) =>
    [...secrets].filter(([, secret]) => text.includes(secret)).map(([name]) => `${name} in ${place}`),
  )
  expect(found).toEqual([])
})
