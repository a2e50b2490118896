import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { Redis } from 'ioredis'
import { leaksInFile, notedSecrets } from './find-leaks.js'
import { RedisCluster } from './redis-cluster/redis-cluster.js'
import { startRedis } from './redis-server.js'
import { createTestUsers, refusedCommands } from './redis-users.js'

/**
 * Vitest's global set-up: one Redis for the whole run, given to tests as `redisUrl`. With AUGUR_TEST_REDIS=cluster it is
 * a cluster of three nodes, which refuse every command and script whose keys are not of one slot; with
 * AUGUR_TEST_REDIS=acl the code under test has users that may do what their role needs, and a refusal fails the run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const kind = process.env.AUGUR_TEST_REDIS
  project.provide('redisRoleUrls', {})
  if (kind === 'cluster') return setUpCluster(project)
  const dir = await mkdtemp(join(tmpdir(), 'augur-redis-'))
  // What it saves can be looked through as it is.
  const server = await startRedis({ dir, settings: { rdbcompression: 'no' } })
  const stop = async () => {
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  }
  project.provide('redisUrl', server.url)
  if (kind !== 'acl') {
    return async () => {
      const leaks = await leaksInRedis(server.url, dir)
      await stop()
      if (leaks.length > 0) failRun(`secrets are in Redis: ${leaks.join(', ')}`)
    }
  }
  project.provide('redisRoleUrls', await createTestUsers(server.url))
  return async () => {
    const refused = await refusedCommands(server.url)
    await stop()
    if (refused.length > 0) failRun(`Redis refused what a role needs:\n${refused.join('\n')}`)
  }
}

/** Vitest itself prints what a tear-down throws, and goes on as if nothing were. */
function failRun(reason: string): never {
  process.exitCode = 1
  throw new Error(reason)
}

/** Which secrets of the run's stacks are in its Redis. */
async function leaksInRedis(url: string, dir: string): Promise<string[]> {
  const secrets = await notedSecrets(url)
  const redis = new Redis(url)
  try {
    await redis.save()
  } finally {
    redis.disconnect()
  }
  return leaksInFile(join(dir, 'dump.rdb'), secrets)
}

async function setUpCluster(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'augur-cluster-'))
  const cluster = await RedisCluster.start(folder, { appendonly: 'no' })
  project.provide('redisUrl', cluster.proxy.url)
  return async () => {
    await cluster.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
