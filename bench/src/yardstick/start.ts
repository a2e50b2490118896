import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTemporaryDataDir } from '@augur/cli/private-stack'
import { type ProcessSpec, ProcessSupervisor } from '@augur/cli/process-supervisor'
import { waitUntilReady } from '@augur/cli/wait-until-ready'
import { freePort } from '@augur/core/free-port'
import { provideRedis } from '@augur/core/redis/provide-redis'
import { quietOutput } from '../quiet-output.js'
import { environmentOf, type System, type SystemConfig } from '../system.js'

interface Specs {
  config: SystemConfig
  port: number
  redisUrl: string
}

function processSpec(name: 'api' | 'worker', { config, port, redisUrl }: Specs): ProcessSpec {
  const env = {
    ...environmentOf(config, 'yardstick'),
    PORT: String(port),
    REDIS_URL: redisUrl,
    MODEL: join(config.root, 'models/digits/fp32/model.onnx'),
    WEBHOOK_SECRET: 'of the yardstick, which checks nothing with it',
  }
  const script = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  return { name, script, env, cwd: config.root, stopWithinMs: 5000 }
}

/** Starts what a developer would write by hand around BullMQ, on a Redis with the same settings as the product's. */
export async function startYardstick(config: SystemConfig): Promise<System> {
  const dataDir = await createTemporaryDataDir(config.root, process.env)
  const redis = await provideRedis({ dataDir, env: process.env })
  const failure = new AbortController()
  const supervisor = new ProcessSupervisor({
    output: quietOutput,
    onUnexpectedExit({ name }) {
      failure.abort(new Error(`The yardstick's ${name} ended by itself.`))
      return 'leave'
    },
  })
  const stop = async () => {
    await supervisor.stop()
    await redis.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  const specs = { config, port: await freePort(), redisUrl: redis.url }
  const origin = `http://127.0.0.1:${specs.port}`
  try {
    supervisor.start([processSpec('worker', specs)])
    supervisor.start([processSpec('api', specs)])
    const signal = AbortSignal.any([config.signal, failure.signal])
    await waitUntilReady(`${origin}/health`, signal, quietOutput.line)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    name: 'yardstick',
    origin,
    paths: { create: '/predictions', get: (id) => `/predictions/${id}` },
    redisUrl: redis.url,
    processes: () =>
      supervisor.running().map(({ name, pid }) => ({ name: name === 'api' ? 'api' : 'worker', pid })),
    failed: failure.signal,
    stop,
    kill: () => {
      supervisor.kill()
      void redis.stop(0)
    },
  }
}
