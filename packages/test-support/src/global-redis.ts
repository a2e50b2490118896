import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { RedisCluster } from './redis-cluster/redis-cluster.js'
import { startRedis } from './redis-server.js'

/**
 * Vitest's global set-up: one Redis for the whole run, given to tests as `redisUrl`. With AUGUR_TEST_REDIS=cluster it is
 * a cluster of three nodes, which refuse every command and script whose keys are not of one slot.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (process.env.AUGUR_TEST_REDIS === 'cluster') return setUpCluster(project)
  const server = await startRedis()
  project.provide('redisUrl', server.url)
  return () => server.stop()
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
