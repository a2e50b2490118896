import { join, resolve } from 'node:path'
import { ConfigError, loadConfig } from '@augur/core/config'
import { type CliSettings, cliSettings } from '../config.js'
import { checkDataDir } from './check-data-dir.js'
import { checkModels } from './check-models.js'
import { checkNode } from './check-node.js'
import { checkPort } from './check-port.js'
import { checkRedis } from './check-redis.js'
import { checkRuntime } from './check-runtime.js'
import { checkSettings } from './check-settings.js'
import { type Finding, ok, problem } from './finding.js'

export interface Examined {
  /** As the environment, `.env.local` and `.env` say together. */
  env: Record<string, string | undefined>
  /** Folder of the installation. */
  root: string
  nodeVersion: string
}

/** Looks at everything that a start needs, and changes nothing. */
export async function examine({ env, root, nodeVersion }: Examined): Promise<Finding[]> {
  const settings = settingsOf(env)
  const machine = [checkNode(nodeVersion), await checkRuntime(root)]
  if (Array.isArray(settings)) return [...machine, ...settings]
  const dataDir = resolve(root, settings.AUGUR_DATA_DIR)
  return [
    ...machine,
    ok('settings', 'can be read'),
    ...checkSettings(settings),
    await checkPort(settings.HOST, settings.PORT),
    ...(await checkDataDir(dataDir)),
    ...(await checkRedis(settings, { packageDir: join(dataDir, 'redis/package'), env })),
    ...(await checkModels(resolve(root, settings.AUGUR_MODELS_DIR))),
  ]
}

function settingsOf(env: Examined['env']): CliSettings | Finding[] {
  try {
    return loadConfig(cliSettings, env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const [, ...faults] = error.message.split('\n')
    return faults.map((fault) =>
      problem(
        'settings',
        fault.trim(),
        'mend it in the environment or in .env.local; .env explains each setting',
      ),
    )
  }
}
