import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectPatient } from '@augur/core/redis/connection'
import { createLogger } from '@augur/core/telemetry/logger'
import { redisUrl } from '@augur/test-support/redis-url'
import { startRedis } from '@augur/test-support/redis-server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { examine } from './examine.js'
import type { Finding } from './finding.js'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

let folder: string
const ends: (() => unknown)[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'augur-doctor-'))
  await cp(join(root, 'models/digits'), join(folder, 'models/digits'), { recursive: true })
})
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
  await rm(folder, { recursive: true, force: true })
})

const wholesome = () => ({
  PORT: '0',
  REDIS_URL: redisUrl(),
  AUGUR_DATA_DIR: join(folder, 'data'),
  AUGUR_MODELS_DIR: join(folder, 'models'),
})

/** What is wrong with a set-up that differs in this from one that is not. */
async function wrongWith(
  env: Record<string, string> = {},
  { nodeVersion = '20.19.0', at = root } = {},
): Promise<Finding[]> {
  const findings = await examine({ env: { ...wholesome(), ...env }, root: at, nodeVersion })
  return findings.filter(
    ({ state, text }) => state === 'problem' || (state === 'warning' && !/append/.test(text)),
  )
}

const saying = (text: RegExp, remedy: RegExp) =>
  expect.objectContaining({ text: expect.stringMatching(text), remedy: expect.stringMatching(remedy) })

async function redisWith(settings: Record<string, string>, appendonly = true): Promise<string> {
  const server = await startRedis({ appendonly, settings })
  ends.push(() => server.stop())
  return server.url
}

test('nothing is wrong with a set-up that is as it should be', async () => {
  expect(await wrongWith()).toEqual([])
})

test('a Node.js that is too old', async () => {
  expect(await wrongWith({}, { nodeVersion: '18.20.4' })).toEqual([saying(/18\.20\.4 is too old/, /20\.19/)])
})

test('an installation without its ONNX Runtime', async () => {
  expect(await wrongWith({}, { at: folder })).toEqual([saying(/does not load/, /npm ci/)])
})

test('settings that cannot be read, all of them', async () => {
  expect(await wrongWith({ PORT: 'eighty', AUGUR_MODE: 'fast' })).toEqual([
    saying(/AUGUR_MODE/, /\.env/),
    saying(/PORT/, /\.env/),
  ])
})

test('a port that another program has', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => server.close())
  // Any port but 0 that is taken.
  const { port } = server.address() as AddressInfo
  expect(await wrongWith({ PORT: String(port) })).toEqual([saying(/in use by another program/, /PORT=/)])
})

test('a data folder that cannot be written to', async () => {
  await writeFile(join(folder, 'file'), '')
  expect(await wrongWith({ AUGUR_DATA_DIR: join(folder, 'file/data') })).toEqual([
    saying(/cannot be written to/, /AUGUR_DATA_DIR/),
  ])
})

test('a master key that others can read', async () => {
  await mkdir(join(folder, 'data'))
  const key = join(folder, 'data/master.key')
  await writeFile(key, 'k'.repeat(64))
  await chmod(key, 0o644)
  expect(await wrongWith()).toEqual([saying(/open to other users/, /^chmod 600 /)])
})

test('a Redis that does not answer', async () => {
  expect(await wrongWith({ REDIS_URL: 'redis://127.0.0.1:1' })).toEqual([
    saying(/nothing answers at 127\.0\.0\.1:1/, /REDIS_URL/),
  ])
})

test('a Redis that wants a password', async () => {
  const url = await redisWith({})
  const redis = connectPatient({ url, name: 'test', logger: createLogger('test', 'fatal') })
  await redis.config('SET', 'requirepass', 'not told')
  redis.disconnect()
  expect(await wrongWith({ REDIS_URL: url })).toEqual([
    saying(/wants a password/, /redis:\/\/user:password@/),
  ])
})

test('a Redis that evicts, and one that keeps no file, in production', async () => {
  const url = await redisWith({ 'maxmemory-policy': 'allkeys-lru' }, false)
  expect(
    await wrongWith({ REDIS_URL: url, AUGUR_MODE: 'production', AUGUR_PUBLIC_URL: 'https://augur.test' }),
  ).toEqual([
    expect.objectContaining({ state: 'problem', remedy: expect.stringContaining('appendonly yes') }),
    saying(/evicts/, /maxmemory-policy noeviction/),
  ])
})

test('a Redis whose memory is nearly full', async () => {
  const url = await redisWith({ maxmemory: '1mb' })
  expect(await wrongWith({ REDIS_URL: url })).toEqual([saying(/submissions are refused/, /maxmemory/)])
})

test('a model folder that is not there, and one without models', async () => {
  expect(await wrongWith({ AUGUR_MODELS_DIR: join(folder, 'nowhere') })).toEqual([
    saying(/cannot be read/, /AUGUR_MODELS_DIR/),
  ])
  await mkdir(join(folder, 'empty'))
  expect(await wrongWith({ AUGUR_MODELS_DIR: join(folder, 'empty') })).toEqual([
    saying(/holds no version/, /model\.onnx/),
  ])
})

test('a model whose file is not the one of its manifest', async () => {
  await writeFile(join(folder, 'models/digits/int8/model.onnx'), 'something else')
  expect(await wrongWith()).toEqual([saying(/digits:int8: model\.onnx/, /sha256sum/)])
})

test('an address that others reach, without a key', async () => {
  expect(await wrongWith({ HOST: '0.0.0.0' })).toEqual([
    saying(/AUGUR_API_KEY is not set/, /openssl rand/),
    saying(/development/, /AUGUR_MODE=production/),
  ])
})
