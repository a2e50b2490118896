import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { newApiKeyText } from '@augur/core/access/api-key'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'

const root = fileURLToPath(new URL('..', import.meta.url))
const modelsDir = join(root, 'models')
const staticKey = 'the-static-key-of-this-story'
const run = promisify(execFile)

let stack: TestStack
beforeAll(async () => {
  const env = { AUGUR_API_KEY: staticKey, AUGUR_LOG_LEVEL: 'trace' }
  stack = await startTestStack({ modelsDir, workers: 0, env })
})
afterAll(() => stack?.stop())

interface Ended {
  stdout: string
  stderr: string
  code: number
}

/** Runs `augur keys …` against the stack, as somebody would who has that key. */
async function keys(args: string[], apiKey = staticKey): Promise<Ended> {
  const env = { PATH: process.env.PATH, AUGUR_URL: stack.url, AUGUR_API_KEY: apiKey }
  const failed = z.object({ stdout: z.string(), stderr: z.string(), code: z.number() })
  return run(process.execPath, [join(root, 'apps/cli/dist/main.js'), 'keys', ...args], { env }).then(
    (ended) => ({ ...ended, code: 0 }),
    (error: unknown) => failed.parse(error),
  )
}

const created = z.object({ id: z.string(), key: z.string(), tenant: z.string(), scopes: z.array(z.string()) })

async function create(...args: string[]): Promise<z.infer<typeof created>> {
  const { stdout } = await keys(['create', '--name', 'story', ...args, '--json'])
  return created.parse(JSON.parse(stdout))
}

const statusWith = async (key: string) =>
  (await stack.request('/predictions', { headers: { authorization: `Bearer ${key}` } })).status

test('a key is made, listed, rotated and revoked by command, and opens the API as long as it is good', async () => {
  const { id, key } = await create('--tenant', 'acme', '--scopes', 'read, predict', '--expires-in', '90d')
  expect(await statusWith(key)).toBe(200)
  expect((await keys(['list'])).stdout).toMatch(
    new RegExp(`^${id} +story +acme +predict,read .*good until`, 'm'),
  )

  const rotated = await keys(['rotate', id, '--grace', '10m'])
  const successor = /augur_\S+/.exec(rotated.stdout)?.[0] ?? ''
  expect(rotated.stdout).toContain(`The key ${id} stays good for 10m.`)
  expect([await statusWith(key), await statusWith(successor)]).toEqual([200, 200])

  expect((await keys(['revoke', id])).stdout).toBe(
    `Key ${id} (story) is revoked, everywhere within 5 seconds.\n`,
  )
  await expect.poll(() => statusWith(key)).toBe(401)
  expect(await statusWith(successor)).toBe(200)
})

test('the audit log names the address that a change came from', async () => {
  const { id } = await create()
  const headers = { authorization: `Bearer ${staticKey}`, 'x-forwarded-for': '203.0.113.7' }
  const page: unknown = await (await fetch(`${stack.url}/admin/audit?limit=1`, { headers })).json()
  const line = { action: 'key.create', target: id, actor: 'static', address: '127.0.0.1' }
  expect(page).toMatchObject({ results: [line] })
})

test('what was wrong is one line', async () => {
  const refusals: [args: string[], apiKey: string | undefined, line: RegExp][] = [
    [['create'], undefined, /^--name .* is needed\.$/],
    [['create', '--name', 'n', '--tenant', 'A b'], undefined, /^tenant: must be lower-case/],
    [['create', '--name', 'n', '--scopes', 'everything'], undefined, /^scopes\.0: /],
    [['create', '--name', 'n', '--expires-in', 'soon'], undefined, /^--expires-in must be a duration/],
    [['revoke', '0'.repeat(12)], undefined, /^There is no key with this id\.$/],
    [['revoke', newApiKeyText().text], undefined, /^This is a key; give its id/],
    [['list'], '', /^AUGUR_API_KEY must hold a valid key/],
    [['list'], (await create()).key, /^This needs a key with the scope admin\.$/],
  ]
  for (const [args, apiKey, line] of refusals) {
    const { code, stdout, stderr } = await keys(args, apiKey)
    expect({ code, stdout, lines: stderr.trimEnd().split('\n') }).toEqual({
      code: 1,
      stdout: '',
      lines: [expect.stringMatching(line)],
    })
  }
  expect((await keys(['sideways'])).code).toBe(2)
})

/** Everything that is written below the stack's prefix. */
async function everythingInRedis(): Promise<string> {
  const redis = stack.connectRedis()
  const names = await redis.keys(`${stack.prefix}:*`)
  const dumps = await Promise.all(names.map((name) => redis.dumpBuffer(name)))
  redis.disconnect()
  return `${names.join()}${Buffer.concat(dumps.filter((dump) => dump !== null)).toString('latin1')}`
}

test('keys, good ones and bad ones, are in no log line and nowhere in Redis', async () => {
  const { id, key } = await create('--scopes', 'predict,read,webhooks')
  const bad = newApiKeyText().text
  const sent = [key, bad, staticKey, 'a-guess-that-is-wrong']
  for (const given of sent) {
    const headers = { authorization: `Bearer ${given}`, 'content-type': 'application/json' }
    await stack.request(`/predictions/${given}?key=${given}`, { headers })
    await stack.request('/predictions', { method: 'POST', headers, body: JSON.stringify({ [given]: given }) })
    await fetch(`${stack.url}/admin/keys/${given}/revoke`, { method: 'POST', headers })
    await stack.request('/webhooks/default/secret', { headers })
  }
  await expect.poll(() => stack.api.output()).toContain(`augur_${id}_[cut]`)
  const written = stack.api.output() + (await everythingInRedis())
  expect(written).toContain(id)
  const secrets = [key, bad].map((text) => text.slice(-43))
  expect(secrets.filter((secret) => written.includes(secret))).toEqual([])
  expect(everyStringIn(await everythingInRedis(), [staticKey, 'a-guess-that-is-wrong'])).toEqual([])
})

const everyStringIn = (text: string, wanted: string[]) => wanted.filter((each) => text.includes(each))

test('an API that others reach does not start while nobody has a key for it', async () => {
  const attempt = startTestStack({ modelsDir, workers: 0, env: { HOST: '0.0.0.0' } })
  await expect(attempt).rejects.toThrow(
    /HOST=0\.0\.0\.0 is reachable by others, and there is none: set AUGUR_API_KEY/,
  )
})

test('an API without a key of its own starts with those that are in the store', async () => {
  const { key } = await create()
  const env = { AUGUR_REDIS_PREFIX: stack.prefix, AUGUR_REQUIRE_KEY: 'true' }
  const other = await startTestStack({ modelsDir, workers: 0, env })
  const withKey = await other.request('/predictions', { headers: { authorization: `Bearer ${key}` } })
  const without = await other.request('/predictions')
  expect([withKey.status, without.status]).toEqual([200, 401])
  await other.stop()
})
