import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findRedisBinary } from '@augur/core/redis/find-redis-binary'
import { StartupError } from '@augur/core/startup-error'
import { experiments, type Sizes, singlesOptions } from './experiments.js'
import type { Findings } from './findings.js'
import { runGuard } from './guard.js'
import { writeReport } from './report.js'
import { Interrupted } from './singles.js'
import { tableOf } from './table.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

const help = [
  'Usage: npm run bench [-- <experiment>…] [options]',
  '',
  'Without experiments all of them run, one after the other, and their figures go to one file in bench/reports: about',
  '30 minutes on two cores that do nothing else. Linux only, since what processes cost is read from /proc.',
  '',
  ...Object.entries(experiments).flatMap(([name, { about, options }]) => [
    `  ${name.padEnd(12)}${about}`,
    `  ${''.padEnd(12)}${options.map((option) => `--${option}`).join(' ')}`,
  ]),
  `  ${'guard'.padEnd(12)}singles again, compared with the newest report: fails where a ratio lost more than a fifth`,
  '',
  '  --rounds N         how often each thing is measured',
  '  --predictions N    in each turn',
  '  --connections N    clients at work at a time',
  '  --quick            a fifth of everything, for a look',
  '  --report           writes a file to bench/reports; --no-report writes none where all run',
  '  --profile FOLDER   writes CPU profiles of all Node.js processes there',
].join('\n')

class UsageError extends Error {}

function positiveInteger(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new UsageError(`--${name} must be a whole number from 1`)
  return value
}

function parse(argv: string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values, positionals } = parseArgs({
    args: argv,
    options: {
      rounds: text,
      predictions: text,
      connections: text,
      lines: text,
      queued: text,
      seconds: text,
      cycles: text,
      profile: text,
      quick: { ...flag, default: false },
      report: flag,
      help: { ...flag, short: 'h', default: false },
    },
    allowNegative: true,
    allowPositionals: true,
  })
  return { values, names: positionals }
}

type Values = ReturnType<typeof parse>['values']

function sizesOf(values: Values): Sizes {
  const number = (name: 'rounds' | 'predictions' | 'connections' | 'lines' | 'seconds' | 'cycles') =>
    values[name] === undefined ? undefined : positiveInteger(name, values[name])
  const { quick, profile, queued } = values
  const lengths = queued?.split(',').map((each) => (each === '0' ? 0 : positiveInteger('queued', each)))
  return {
    root,
    quick,
    profile,
    queued: lengths,
    rounds: number('rounds'),
    predictions: number('predictions'),
    connections: number('connections'),
    lines: number('lines'),
    seconds: number('seconds'),
    cycles: number('cycles'),
  }
}

/** What an experiment found; where it failed, why: those that come after it are measured all the same. */
async function measure(name: string, sizes: Sizes): Promise<Findings> {
  try {
    const findings = await experiments[name]?.measure(sizes)
    if (findings) return findings
    throw new UsageError(`there is no experiment ${name}`)
  } catch (error) {
    if (error instanceof Interrupted || error instanceof UsageError) throw error
    process.stderr.write(`${String(error instanceof Error ? error.stack : error)}\n`)
    return { title: name, figures: [], notes: [`failed: ${String(error)}`], isRight: false }
  }
}

/** Runs experiments one after the other and prints what each found. Gives the exit code. */
async function runExperiments(names: readonly string[], values: Values, command: string): Promise<number> {
  const startedAt = new Date()
  const found: Record<string, Findings> = {}
  for (const name of names) {
    const begunAt = performance.now()
    const findings = await measure(name, sizesOf(values))
    found[name] = findings
    process.stdout.write(`${tableOf(findings)}\n\n`)
    process.stderr.write(`${name}: ${((performance.now() - begunAt) / 1000).toFixed(0)} s\n`)
  }
  const isWhole = names.length === Object.keys(experiments).length
  const [only = '', ...others] = names
  const name = isWhole ? 'all' : others.length === 0 ? only : 'some'
  if (values.report ?? isWhole) {
    const { version: redisVersion } = await findRedisBinary({
      packageDir: `${root}.augur/redis/package`,
      env: process.env,
    })
    process.stdout.write(
      `Written to ${await writeReport(found, { root, name, redisVersion, command, startedAt })}\n`,
    )
  }
  return Object.values(found).every(({ isRight }) => isRight) ? 0 : 1
}

async function run(argv: string[]): Promise<number> {
  const { values, names } = parse(argv)
  const unknown = names.find(
    (name) => name !== 'guard' && name !== 'all' && !Object.hasOwn(experiments, name),
  )
  if (values.help || unknown !== undefined) {
    process.stderr.write(`${help}\n`)
    return values.help ? 0 : 2
  }
  if (process.platform !== 'linux')
    throw new UsageError('The bench reads what processes cost from /proc: Linux only.')
  if (names.includes('guard')) return runGuard(singlesOptions(sizesOf(values)))
  const chosen = names.length === 0 || names.includes('all') ? Object.keys(experiments) : names
  return runExperiments(chosen, values, ['npm run bench --', ...argv].join(' '))
}

function isExpected(error: unknown): error is Error {
  if (error instanceof UsageError || error instanceof StartupError) return true
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  process.exitCode = error instanceof Interrupted ? 130 : 1
  if (!(error instanceof Interrupted)) tell(error)
}

function tell(error: unknown): void {
  process.stderr.write(
    `${isExpected(error) ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
  )
}
