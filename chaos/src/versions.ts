import { versionNumber } from '@augur/core/version-number'
import { testRedisBinary } from '@augur/test-support/redis-server'

/** What an experiment is carried out with. */
export interface Versions {
  augur: string
  node: string
  redis: string
}

export async function readVersions(): Promise<Versions> {
  const { version: redis } = await testRedisBinary()
  return { augur: versionNumber, node: process.versions.node, redis }
}
