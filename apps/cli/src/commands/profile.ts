import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { findVersion, parseReference } from '@augur/verification/find-versions'
import { profile } from '@augur/verification/profile'
import { readInputs } from '@augur/verification/read-inputs'
import { htmlProfile, terminalProfile } from '@augur/verification/report/profile-report'
import { VerificationError } from '@augur/verification/verification-error'
import { numberOf } from '../models/number-flag.js'
import { type ModelSettings, stageLocally } from '../models/stage-locally.js'
import type { Output } from '../output.js'
import { ProgressBar } from '../progress-bar.js'

const help = `Usage: augur profile MODEL:VERSION [options]

  Measures latency and throughput of a version by size of micro-batch, threads and instances, and recommends
  \`serving\` settings for its manifest.

  --latency-ms N        the 95th percentile of a micro-batch may be this at most; without it only throughput counts
  --max-size N          largest micro-batch that is tried; by default the manifest's
  --cores N             cores that are shared out; by default all
  --dataset FILE        inputs to measure with; by default the manifest's test set, or its example
  --seconds N           how long each setting is measured (1)
  --json                prints the profile as JSON`

const options = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  'latency-ms': { type: 'string' },
  'max-size': { type: 'string' },
  cores: { type: 'string' },
  dataset: { type: 'string' },
  seconds: { type: 'string', default: '1' },
} as const

export interface ProfileConfig {
  settings: ModelSettings
  output: Pick<Output, 'line' | 'error'>
  isTerminal: boolean
}

/**
 * `augur profile …`. Returns the exit code.
 * @throws VerificationError when something has to be put right before
 */
export async function runProfile(
  argv: string[],
  { settings, output, isTerminal }: ProfileConfig,
): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
  const [reference] = positionals
  if (values.help || reference === undefined || positionals.length > 1) {
    if (values.help) output.line(help)
    else output.error(help)
    return values.help ? 0 : 2
  }
  const { model, label } = parseReference(reference)
  const found = await findVersion(resolve(settings.AUGUR_MODELS_DIR), model, label)
  const version = await stageLocally(found, settings)
  const { dataset } = found.manifest.verification ?? {}
  const path = values.dataset ?? (dataset === undefined ? undefined : resolve(found.folder, dataset))
  const bar = new ProgressBar('profiling', isTerminal && !values.json)
  const result = await profile({
    version,
    inputs: await readInputs(version, path),
    maxSize: wholeNumber('max-size', values['max-size']) ?? version.manifest.serving.batching.maxSize,
    cores: wholeNumber('cores', values.cores) ?? availableParallelism(),
    latencyTargetMs: values['latency-ms'] === undefined ? null : numberOf('latency-ms', values['latency-ms']),
    secondsPerSetting: numberOf('seconds', values.seconds),
    command: `npm run profile -- ${argv.join(' ')}`,
    now: () => new Date(),
    onProgress: (done, total) => bar.update(done, total),
  }).finally(() => bar.end())
  if (values.json) {
    output.line(JSON.stringify(result))
    return 0
  }
  const folder = resolve(settings.AUGUR_DATA_DIR, 'reports')
  const report = join(folder, `profile-${model.replace('/', '-')}-${label}.html`)
  await mkdir(folder, { recursive: true })
  await writeFile(report, htmlProfile(result))
  output.line(`${terminalProfile(result)}\n\nReport: ${report}`)
  return 0
}

function wholeNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = numberOf(flag, text)
  if (Number.isInteger(value) && value >= 1 && value <= 4096) return value
  throw new VerificationError(`--${flag} must be a whole number from 1 to 4096, not ${text}`)
}
