import { readModelRepository } from '@augur/core/models/model-repository'
import type { FoundVersion } from '@augur/core/models/version'
import type { Output } from '../output.js'
import { isMeant } from './is-meant.js'
import { type ModelSettings, stageLocally } from './stage-locally.js'

interface PullConfig {
  dir: string
  settings: ModelSettings
  output: Pick<Output, 'line' | 'error'>
  isJson: boolean
}

type Pulled = { model: string; label: string; id: string; error: string | null }

/** Fetches and checks the files of all versions, or of those that are named. Returns the exit code. */
export async function pullModels(names: readonly string[], config: PullConfig): Promise<number> {
  const { versions } = await readModelRepository(config.dir)
  const wanted = versions.filter(
    (version) => names.length === 0 || names.some((name) => isMeant(version, name)),
  )
  const unknown = names.filter((name) => !versions.some((version) => isMeant(version, name)))
  for (const name of unknown)
    config.output.error(`${config.dir} holds no ${name}; augur models check says more.`)
  const pulled: Pulled[] = []
  for (const version of wanted) {
    const result = await pull(version, config.settings)
    pulled.push(result)
    if (!config.isJson) report(result, config.output)
  }
  if (config.isJson) config.output.line(JSON.stringify(pulled))
  return unknown.length === 0 && wanted.length > 0 && pulled.every(({ error }) => error === null) ? 0 : 1
}

async function pull(version: FoundVersion, settings: ModelSettings): Promise<Pulled> {
  const { model, label, id } = version
  try {
    await stageLocally(version, settings)
    return { model, label, id, error: null }
  } catch (error) {
    return { model, label, id, error: error instanceof Error ? error.message : String(error) }
  }
}

function report({ model, label, id, error }: Pulled, output: PullConfig['output']): void {
  output.line(error === null ? `✓ ${model}:${label}  ${id.slice(0, 12)}` : `✗ ${error}`)
}
