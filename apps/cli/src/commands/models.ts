import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Augur, Version } from '@augur/client'
import { readModelRepository } from '@augur/core/models/model-repository'
import type { Output } from '../output.js'
import { type ServerSettings, serverClient } from '../server-client.js'
import { columns } from '../columns.js'
import type { ModelSettings } from '../models/stage-locally.js'
import { refusalOf } from './predict.js'

const help = `Usage: augur models <command> [--json]

  list            what a running server serves, and in which state
  check [DIR]     reads a model repository as a worker does, and says what is wrong in it; exit code 1 when anything is
  manifest MODEL… writes the manifest.json of a folder that has none, by what its model.onnx says; of one that has, the
                  digests of its files
  pull [MODEL…]   fetches what manifests name by URL, and checks it: workers of AUGUR_DATA_DIR find it there; all by default

AUGUR_URL and AUGUR_API_KEY say which server is asked; DIR is AUGUR_MODELS_DIR by default.`

const options = { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } } as const

interface ModelsConfig {
  server: ServerSettings
  settings: ModelSettings
  output: Pick<Output, 'line' | 'error'>
}

/** `augur models …`. Returns the exit code. @throws RefusedError */
export async function runModels(argv: string[], config: ModelsConfig): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
  const { output, settings } = config
  const [command, dir, ...rest] = positionals
  if (command === 'list' && dir === undefined) return list(config, values.json === true)
  if (command === 'check' && rest.length === 0) {
    return check(resolve(dir ?? settings.AUGUR_MODELS_DIR), output, values.json === true)
  }
  if (command === 'manifest' && dir !== undefined) {
    const { writeManifests } = await import('../models/write-manifests.js')
    return writeManifests(positionals.slice(1), { dir: resolve(settings.AUGUR_MODELS_DIR), output })
  }
  if (command === 'pull') {
    const { pullModels } = await import('../models/pull-models.js')
    const names = positionals.slice(1)
    const isJson = values.json === true
    return pullModels(names, { dir: resolve(settings.AUGUR_MODELS_DIR), settings, output, isJson })
  }
  output[values.help ? 'line' : 'error'](help)
  return values.help ? 0 : 2
}

interface Listed {
  model: string
  version: Version
}

async function list({ server, output }: ModelsConfig, isJson: boolean): Promise<number> {
  const listed = await versionsOf(serverClient(server)).catch((error: unknown) => {
    throw refusalOf(error, server)
  })
  if (isJson) {
    output.line(JSON.stringify(listed))
    return 0
  }
  const rows = listed.map(({ model, version: { label, state, id, state_reason: reason } }) => [
    model,
    label,
    reason === undefined ? state : `${state}: ${reason}`,
    id.slice(0, 12),
  ])
  const head = ['MODEL', 'VERSION', 'STATE', 'ID']
  output.line(rows.length === 0 ? 'There are no models.' : columns([head, ...rows]))
  return 0
}

async function versionsOf(client: Augur): Promise<Listed[]> {
  const models = await client.models.list()
  const versions = await Promise.all(
    models.map(async ({ owner, name }) => {
      const model = `${owner}/${name}`
      return (await client.models.versions(model)).map((version) => ({ model, version }))
    }),
  )
  return versions.flat()
}

async function check(dir: string, output: ModelsConfig['output'], isJson: boolean): Promise<number> {
  const { versions, problems } = await readModelRepository(dir)
  if (isJson)
    output.line(
      JSON.stringify({ versions: versions.map(({ model, label, id }) => ({ model, label, id })), problems }),
    )
  else {
    for (const { model, label, id } of versions) output.line(`✓ ${model}:${label}  ${id.slice(0, 12)}`)
    for (const { model, label, file, field, reason } of problems) {
      output.line(`✗ ${model}:${label}  ${file} ${field === undefined ? '' : `${field} `}${reason}`)
    }
    if (versions.length + problems.length === 0) output.line(`${dir} holds no model.`)
  }
  return problems.length === 0 && versions.length > 0 ? 0 : 1
}
