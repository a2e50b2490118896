import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from '@augur/test-support/redis-server'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import type { Target } from '../bad-input/row.js'
import { prepareTarget, targetSettings, writeTargetModels } from '../bad-input/target-stack.js'

export interface FuzzStack {
  target: Target
  stack: TestStack
  /** Ends what was started, and removes what it wrote. */
  stop(): Promise<void>
}

/** Redis, an API and a worker of its own on loopback, with the models that the rows name. `root` is the repository. */
export async function startFuzzStack(root: string): Promise<FuzzStack> {
  const models = await mkdtemp(join(tmpdir(), 'augur-fuzz-'))
  await writeTargetModels(models, root)
  const redis = await startRedis()
  const adminKey = randomBytes(24).toString('base64url')
  const env = {
    ...targetSettings(adminKey),
    REDIS_URL: redis.url,
    // What has ended goes at once: what stays in memory is then a leak.
    AUGUR_DATA_RETENTION_SECONDS: '1',
    AUGUR_RECORD_RETENTION_SECONDS: '60',
  }
  const stack = await startTestStack({ modelsDir: models, env })
  return {
    target: await prepareTarget(stack.url, adminKey),
    stack,
    async stop() {
      await stack.stop()
      await redis.stop()
      await rm(models, { recursive: true, force: true })
    },
  }
}
