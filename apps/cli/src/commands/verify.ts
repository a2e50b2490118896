import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { FoundVersion } from '@augur/core/models/version'
import { toleranceFields, verificationSettings } from '@augur/core/verification/tolerances'
import { placeText } from '@augur/verification/dataset/example'
import { readDataset } from '@augur/verification/dataset/read-dataset'
import { findVersion, parseReference } from '@augur/verification/find-versions'
import { terminalReport } from '@augur/verification/report/terminal'
import { VerificationError } from '@augur/verification/verification-error'
import { verify } from '@augur/verification/verify'
import { reportFile, writeReports } from '@augur/verification/write-reports'
import { z } from 'zod'
import { numberOf } from '../models/number-flag.js'
import { type ModelSettings, stageLocally } from '../models/stage-locally.js'
import type { Output } from '../output.js'
import { ProgressBar } from '../progress-bar.js'

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const toleranceFlags = Object.keys(toleranceFields).map((name) => ({ name, flag: kebab(name) }))

const help = `Usage: augur verify MODEL:CANDIDATE [options]

  Runs a version and its baseline over the same test set, through the pipeline and the runner that serve them,
  and says whether the candidate still does the job: exit code 0 if it does, 1 if it does not, 2 if it could not
  be found out. Writes verification.json and verification.html beside the candidate.

  --baseline LABEL      the version to compare with; by default the manifest's \`baseline\`
  --dataset FILE        JSON Lines, CSV, or a folder of images by class; by default the manifest's
  --label-column NAME   column of a CSV file that holds the label (label)
  --top-k K             the k of top-k accuracy (5)
  --seconds N           how long each size of micro-batch is measured (1)
  --dry-run             writes nothing
  --json                prints the verification as JSON

Tolerances, in place of the manifest's:
${toleranceFlags.map(({ flag }) => `  --${flag} X`).join('\n')}`

const options = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  baseline: { type: 'string' },
  dataset: { type: 'string' },
  'label-column': { type: 'string', default: 'label' },
  'top-k': { type: 'string' },
  seconds: { type: 'string', default: '1' },
  ...Object.fromEntries(toleranceFlags.map(({ flag }) => [flag, { type: 'string' as const }])),
} as const

export interface VerifyConfig {
  settings: ModelSettings
  output: Pick<Output, 'line' | 'error'>
  isTerminal: boolean
}

/**
 * `augur verify …`. Returns the exit code.
 * @throws VerificationError when something has to be put right before
 */
export async function runVerify(argv: string[], config: VerifyConfig): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
  const { output, isTerminal, settings } = config
  const [reference] = positionals
  if (values.help || reference === undefined || positionals.length > 1) {
    if (values.help) output.line(help)
    else output.error(help)
    return values.help ? 0 : 2
  }
  const { model, label } = parseReference(reference)
  const models = resolve(settings.AUGUR_MODELS_DIR)
  const candidate = await findVersion(models, model, label)
  const baselineLabel = values.baseline ?? candidate.manifest.baseline
  if (baselineLabel === undefined) {
    throw new VerificationError(`${reference} names no baseline in its manifest: give one with --baseline.`)
  }
  const baseline = await findVersion(models, model, baselineLabel)
  const { dataset: named, ...manifested } = candidate.manifest.verification ?? {}
  const path = datasetPath(candidate, named, values.dataset)
  const dataset = await readDataset(path, { labelColumn: values['label-column'] })
  const bar = new ProgressBar('verifying', isTerminal && !values.json)
  const { verification, broken } = await verify({
    baseline: await stageLocally(baseline, settings),
    candidate: await stageLocally(candidate, settings),
    dataset,
    settings: { ...manifested, ...settingsOf(values) },
    command: `npm run verify -- ${argv.join(' ')}`,
    secondsPerSize: numberOf('seconds', values.seconds),
    now: () => new Date(),
    onProgress: (done, total) => bar.update(done, total),
  }).finally(() => bar.end())

  for (const { at, reason } of broken.slice(0, 10)) output.error(`${placeText(at)} left out: ${reason}`)
  if (broken.length > 10) output.error(`… and ${broken.length - 10} more lines left out`)
  if (!values['dry-run']) await writeReports(candidate.folder, verification)
  output.line(
    values.json ? JSON.stringify(verification) : terminalReport(verification, { colours: isTerminal }),
  )
  if (!values['dry-run'] && !values.json) output.line(`\nReport: ${join(candidate.folder, reportFile)}`)
  return verification.passed ? 0 : 1
}

function datasetPath({ folder, model, label }: FoundVersion, named?: string, given?: string): string {
  if (given !== undefined) return given
  if (named !== undefined) return resolve(folder, named)
  throw new VerificationError(`${model}:${label} names no test set in its manifest: give one with --dataset.`)
}

/** Tolerances and k as flags give them. @throws VerificationError */
function settingsOf(values: Record<string, string | boolean | undefined>) {
  const given = [...toleranceFlags, { name: 'topK', flag: 'top-k' }].flatMap(({ name, flag }) => {
    const text = values[flag]
    return typeof text === 'string' ? [[name, numberOf(flag, text)] as const] : []
  })
  const parsed = verificationSettings.omit({ dataset: true }).safeParse(Object.fromEntries(given))
  if (parsed.success) return parsed.data
  throw new VerificationError(z.prettifyError(parsed.error))
}
