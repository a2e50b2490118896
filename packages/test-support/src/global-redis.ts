import type { TestProject } from 'vitest/node'
import { startRedis } from './redis-server.js'

/** Vitest's global set-up: one Redis for the whole run, given to tests as `redisUrl`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startRedis()
  project.provide('redisUrl', server.url)
  return () => server.stop()
}
