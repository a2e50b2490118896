import { startPrivateStack } from '@augur/cli/private-stack'
import { quietOutput } from './quiet-output.js'
import { environmentOf, type System, type SystemConfig } from './system.js'

/** Starts the product as `npm start` does, with one worker. */
export async function startAugur(config: SystemConfig): Promise<System> {
  const stack = await startPrivateStack({
    root: config.root,
    env: environmentOf(config, 'augur'),
    settings: { AUGUR_WORKERS: '1', AUGUR_LOG_LEVEL: 'warn', ...config.settings },
    output: quietOutput,
    signal: config.signal,
  })
  return {
    name: 'augur',
    origin: stack.apiUrl,
    paths: {
      create: '/api/v1/models/augur/digits/predictions',
      get: (id) => `/api/v1/predictions/${id}`,
    },
    redisUrl: stack.redisUrl,
    processes: () =>
      stack.running().map(({ name, pid }) => ({ name: name === 'api' ? 'api' : 'worker', pid })),
    failed: stack.failed,
    stop: stack.stop,
    kill: stack.kill,
  }
}
