import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { freePort } from '../free-port.js'
import { findRedisBinary, redisVersion } from './find-redis-binary.js'
import { provideRedis } from './provide-redis.js'
import { startRedisProcess } from './redis-process.js'
import { unpackRedisPackage } from './unpack-redis-package.js'

const sharedPackage = fileURLToPath(new URL('../../../../.augur/redis/package', import.meta.url))
let dataDir: string

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'augur-provide-'))
})

afterEach(() => rm(dataDir, { recursive: true, force: true }))

/** A folder with programs that answer `--version` as the named ones do. */
async function fakePath(versions: Record<string, string>): Promise<string> {
  const folder = join(dataDir, 'bin')
  await mkdir(folder)
  for (const [name, version] of Object.entries(versions)) {
    await writeFile(join(folder, name), `#!/bin/sh\necho "Server v=${version} sha=0"\n`)
    await chmod(join(folder, name), 0o755)
  }
  return folder
}

/** The data folder finds the real server as if an earlier start had unpacked it there. */
async function withUnpackedPackage(): Promise<{ PATH: string }> {
  await mkdir(join(dataDir, 'redis'))
  const binary = await findRedisBinary({ packageDir: sharedPackage, env: process.env })
  if (binary.source === 'path') return { PATH: process.env.PATH ?? '' }
  await symlink(sharedPackage, join(dataDir, 'redis/package'))
  return { PATH: '' }
}

test('a configured server is used and never stopped', async () => {
  const url = inject('redisUrl')
  const redis = await provideRedis({ url, dataDir, env: {} })
  await redis.stop()
  expect(redis).toMatchObject({ url, source: 'configured' })
  await expect(provideRedis({ url, dataDir, env: {} })).resolves.toBeDefined()
})

test('a configured server that does not answer is named without its password', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  const address = silent.address()
  const port = address && typeof address === 'object' ? address.port : 0
  const attempt = provideRedis({ url: `redis://user:secret@127.0.0.1:${port}`, dataDir, env: {} })
  await expect(attempt).rejects.toThrow(
    /^Redis at redis:\/\/127\.0\.0\.1:\d+ \(REDIS_URL\) does not answer: (?!.*secret)/,
  )
  silent.close()
})

test('redis-server on the PATH comes before valkey-server, and either before a package', async () => {
  const PATH = await fakePath({ 'redis-server': '7.2.4', 'valkey-server': '8.0.1' })
  const both = await findRedisBinary({ packageDir: sharedPackage, env: { PATH } })
  await rm(join(PATH, 'redis-server'))
  const valkeyOnly = await findRedisBinary({ packageDir: sharedPackage, env: { PATH } })
  expect(both).toMatchObject({ command: 'redis-server', version: '7.2.4', source: 'path' })
  expect(valkeyOnly).toMatchObject({ command: 'valkey-server', version: '8.0.1', source: 'path' })
})

test('a server too old for BullMQ is passed over', async () => {
  const PATH = await fakePath({ 'redis-server': '6.0.16', 'valkey-server': '7.2.5' })
  await expect(findRedisBinary({ packageDir: sharedPackage, env: { PATH } })).resolves.toMatchObject({
    command: 'valkey-server',
  })
})

test('without apt-get the error names a line for each system', async () => {
  const search = { packageDir: join(dataDir, 'package'), env: { PATH: dataDir } }
  await expect(findRedisBinary(search)).rejects.toThrow(/apt-get install[^]*brew install[^]*docker run/)
})

test('the distribution’s package runs unpacked, with the Lua libraries that BullMQ needs', async ({
  skip,
}) => {
  const unpacked = await unpackRedisPackage({ packageDir: sharedPackage, env: process.env })
  if (!unpacked.ok) {
    skip(unpacked.reason)
    return
  }
  const version = (await redisVersion(unpacked.command, unpacked.env)) ?? ''
  const server = await startRedisProcess({
    binary: { ...unpacked, source: 'package', version },
    port: await freePort(),
    settings: { dir: dataDir, save: '' },
  })
  const client = new Redis(server.url)
  const roundTrip = await client.eval(`return cjson.encode(cmsgpack.unpack(cmsgpack.pack({1, 2, 3})))`, 0)
  client.disconnect()
  await server.stop()
  expect(version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(roundTrip).toBe('[1,2,3]')
})

test('a private server keeps every write over a restart, evicts nothing and listens on loopback', async () => {
  const env = await withUnpackedPackage()
  const first = await provideRedis({ dataDir, env, maxMemoryBytes: 50_000_000 })
  const writer = new Redis(first.url)
  await writer.set('kept', 'yes')
  writer.disconnect()
  await first.stop()

  const second = await provideRedis({ dataDir, env, maxMemoryBytes: 50_000_000 })
  const reader = new Redis(second.url)
  const kept = await reader.get('kept')
  const settings = await reader.config('GET', 'maxmemory*', 'appendonly', 'appendfsync', 'bind')
  reader.disconnect()
  await second.stop()
  expect(kept).toBe('yes')
  expect(settings).toEqual(expect.arrayContaining(['noeviction', '50000000', 'yes', 'everysec', '127.0.0.1']))
})

test('a folder that is in use is refused by the number of the process that has it', async () => {
  const env = await withUnpackedPackage()
  const redis = await provideRedis({ dataDir, env })
  const owner = (await readFile(join(dataDir, 'redis/redis.pid'), 'utf8')).trim()
  await expect(provideRedis({ dataDir, env })).rejects.toThrow(`Process ${owner} already uses the Redis data`)
  await redis.stop()
})

test('the pid file of a dead process does not stand in the way', async () => {
  const env = await withUnpackedPackage()
  await writeFile(join(dataDir, 'redis/redis.pid'), '4194304\n')
  const redis = await provideRedis({ dataDir, env })
  await redis.stop()
  await expect(readFile(join(dataDir, 'redis/redis.pid'))).rejects.toThrow('ENOENT')
})

test('a port that is taken is an error that leads to the cause', async () => {
  const env = await withUnpackedPackage()
  const port = Number(new URL(inject('redisUrl')).port)
  await expect(provideRedis({ dataDir, env, port })).rejects.toThrow(`did not get ready on port ${port}`)
  await expect(readFile(join(dataDir, 'redis/redis.log'), 'utf8')).resolves.toContain('in use')
})
