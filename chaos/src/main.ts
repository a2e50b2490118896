import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Experiment, Profile } from './experiment.js'
import { experiments } from './experiments.js'
import { explain, tableOf } from './report.js'
import { addResult, findPassed, readResults } from './results.js'
import { conditionsOf, type RunOptions, runExperiment, type Verdict } from './run-experiment.js'
import { runExperiments } from './run-experiments.js'

const help = `Usage: npm run chaos -- EXPERIMENT… [options]

Does something bad to the product on a rig of its own, and checks the history that clients, receiver and model wrote
down. Prints one JSON line an experiment and a table; ends with 1 when a promise was broken.

    --all              every experiment
    --full             with whole figures, and not the quick ones
    --seed S           of the schedule of faults (1)
    --jobs N           experiments at a time (2), but for those that judge times
    --n N              submissions, or whatever the experiment repeats
    --keep             keeps ledger and logs of experiments that pass as well
    --results FILE     adds each verdict to FILE as it comes; an experiment that passed there already, with the same
                       seed, figures and versions, is not carried out again: what was interrupted goes on

Experiments:
${experiments.map(({ id, title }) => `    ${id.padEnd(5)}${title}`).join('\n')}`

const root = fileURLToPath(new URL('../../', import.meta.url))

class UsageError extends Error {}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new UsageError(`--${name} must be a whole number`)
  return value
}

function chosen(names: readonly string[], all: boolean): readonly Experiment[] {
  if (all) return experiments
  return names.map((name) => {
    const found = experiments.find(({ id }) => id.toLowerCase() === name.toLowerCase())
    if (!found) throw new UsageError(`There is no experiment ${name}.`)
    return found
  })
}

/** Carries an experiment out and reports it, unless the file of results tells that it passed. */
function carryOutOnce(options: RunOptions, path: string | undefined) {
  return async (experiment: Experiment): Promise<Verdict> => {
    const earlier = path === undefined ? [] : await readResults(path)
    const passed = findPassed(earlier, await conditionsOf(experiment, options))
    const verdict = passed ?? (await runExperiment(experiment, options))
    if (!passed && path !== undefined) await addResult(path, verdict)
    process.stdout.write(`${JSON.stringify(verdict)}\n`)
    const heading = `${experiment.id} ${experiment.title} (${verdict.seconds} s${passed ? ', earlier' : ''})`
    process.stderr.write(`${[heading, ...explain(verdict)].join('\n')}\n`)
    return verdict
  }
}

async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    options: {
      all: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '2' },
      n: { type: 'string' },
      results: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  })
  const wanted = chosen(positionals, values.all)
  if (values.help || wanted.length === 0) {
    process.stderr.write(`${help}\n`)
    return values.help ? 0 : 2
  }
  const profile: Profile = values.full ? 'full' : 'quick'
  const count = values.n === undefined ? undefined : wholeNumber('n', values.n)
  const seed = wholeNumber('seed', values.seed)
  const carryOut = carryOutOnce({ root, seed, profile, count, keep: values.keep }, values.results)
  const verdicts = await runExperiments(wanted, Math.max(1, wholeNumber('jobs', values.jobs)), carryOut)
  process.stdout.write(`${tableOf(verdicts)}\n`)
  return verdicts.every(({ pass }) => pass) ? 0 : 1
}

function isExpected(error: unknown): error is Error {
  if (error instanceof UsageError) return true
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(
    `${isExpected(error) ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
  )
  process.exitCode = 1
}
