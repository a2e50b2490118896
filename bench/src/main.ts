import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { StartupError } from '@augur/core/startup-error'
import { runBatches } from './batches.js'
import { runCompute } from './compute.js'
import { runIsolation } from './isolation.js'
import { runPool } from './pool.js'
import { runReload } from './reload.js'
import { runShadow } from './shadow.js'
import { runSingles } from './singles.js'

const help = `Usage: npm run bench -- <experiment> [options]

  singles              single predictions over HTTP, beside a minimal BullMQ server
    --rounds N         how often each system takes its turn (3)
    --predictions N    in each turn (5000)
    --connections N    clients at work at a time (64)
    --report           writes the results to bench/reports
    --profile FOLDER   writes CPU profiles of all Node.js processes there

  batches              a batch beside as many single predictions
    --rounds N         how often each takes its turn (3)
    --lines N          of each batch (50000)
    --predictions N    single ones in each turn (5000)
    --connections N    clients that make them (64)

  pool                 one worker beside two, with a model that sleeps
    --rounds N         how often each is measured (3)
    --predictions N    in each turn (200)

  compute              models that are busy computing, beside session.run alone
    --rounds N         how often each is measured (3)
    --predictions N    images in each turn (120)

  isolation            a neighbour's rate beside models that crash, loop and allocate
    --seconds N        how long beside each (15)

  shadow               waiting predictions with and without a shadow that repeats each of them
    --rounds N         how often each is measured (5)
    --predictions N    in each turn (5000)
    --connections N    clients that wait (64)

  reload               memory over cycles of unloading and loading a model
    --cycles N         how often (50)`

const root = fileURLToPath(new URL('../../', import.meta.url))

class UsageError extends Error {}

function positiveInteger(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new UsageError(`--${name} must be a whole number from 1`)
  return value
}

function parse(argv: string[]) {
  const { values, positionals } = parseArgs({
    args: argv,
    options: {
      rounds: { type: 'string' },
      predictions: { type: 'string' },
      connections: { type: 'string', default: '64' },
      lines: { type: 'string', default: '50000' },
      seconds: { type: 'string', default: '15' },
      cycles: { type: 'string', default: '50' },
      report: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  })
  return { ...values, experiment: positionals.join(' ') }
}

async function run(argv: string[]): Promise<number> {
  const { experiment, ...values } = parse(argv)
  if (
    values.help ||
    !['singles', 'batches', 'pool', 'compute', 'isolation', 'reload', 'shadow'].includes(experiment)
  ) {
    process.stderr.write(`${help}\n`)
    return values.help ? 0 : 2
  }
  const rounds = positiveInteger('rounds', values.rounds ?? (experiment === 'shadow' ? '5' : '3'))
  if (experiment === 'batches') {
    return runBatches({
      root,
      rounds,
      lines: positiveInteger('lines', values.lines),
      predictions: positiveInteger('predictions', values.predictions ?? '5000'),
      connections: positiveInteger('connections', values.connections),
    })
  }
  if (experiment === 'pool') {
    return runPool({ root, rounds, predictions: positiveInteger('predictions', values.predictions ?? '200') })
  }
  if (experiment === 'reload') {
    return runReload({ root, cycles: positiveInteger('cycles', values.cycles) })
  }
  if (experiment === 'shadow') {
    return runShadow({
      root,
      rounds,
      predictions: positiveInteger('predictions', values.predictions ?? '5000'),
      connections: positiveInteger('connections', values.connections),
    })
  }
  if (experiment === 'isolation') {
    return runIsolation({ root, seconds: positiveInteger('seconds', values.seconds) })
  }
  if (experiment === 'compute') {
    return runCompute({
      root,
      rounds,
      predictions: positiveInteger('predictions', values.predictions ?? '120'),
    })
  }
  if (process.platform !== 'linux')
    throw new UsageError('The bench reads what processes cost from /proc: Linux only.')
  return runSingles({
    root,
    rounds,
    predictions: positiveInteger('predictions', values.predictions ?? '5000'),
    connections: positiveInteger('connections', values.connections),
    report: values.report,
    profileDir: values.profile && resolve(values.profile),
    command: ['npm run bench --', ...argv].join(' '),
  })
}

function isExpected(error: unknown): error is Error {
  if (error instanceof UsageError || error instanceof StartupError) return true
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
