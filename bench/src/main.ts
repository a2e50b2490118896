import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { StartupError } from '@augur/core/startup-error'
import { runBacklog } from './backlog.js'
import { runBatches } from './batches.js'
import { runCompute } from './compute.js'
import { runGuard } from './guard.js'
import { runIsolation } from './isolation.js'
import { runLatency } from './latency.js'
import { runNoisy } from './noisy.js'
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

  guard                the same again, compared with the newest report: fails where a ratio lost more than a fifth
    --rounds N         how often each system takes its turn (3)

  latency              how long answers take on servers that are not busy, beside that server
    --rounds N         how often each is measured (3)
    --predictions N    by each way in each turn (300)

  batches              a batch beside as many single predictions
    --rounds N         how often each takes its turn (3)
    --lines N          of each batch (50000)
    --predictions N    single ones in each turn (5000)
    --connections N    clients that make them (64)

  backlog              what a prediction costs beside a queue that is long already
    --queued N,N       in the queue while it is measured (0,100000)
    --predictions N    created, and run, at each length (5000)
    --connections N    clients that create them (64)

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

  noisy                a quiet tenant beside one that sends a hundred times what its key may
    --rounds N         how often each is measured (5)
    --predictions N    of the quiet tenant in each turn (200)
    --connections N    clients of the other (64)

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
      queued: { type: 'string', default: '0,100000' },
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

type Values = Omit<ReturnType<typeof parse>, 'experiment'>

/** What experiments share, each with a usual number of predictions of its own. */
function load({ predictions, connections }: Values, usual: number) {
  return {
    root,
    predictions: positiveInteger('predictions', predictions ?? String(usual)),
    connections: positiveInteger('connections', connections),
  }
}

const roundsOf = ({ rounds }: Values, usual = 3) => positiveInteger('rounds', rounds ?? String(usual))

function singlesOptions(values: Values, command: string) {
  if (process.platform !== 'linux')
    throw new UsageError('The bench reads what processes cost from /proc: Linux only.')
  const { report, profile } = values
  return {
    ...load(values, 5000),
    rounds: roundsOf(values),
    report,
    profileDir: profile && resolve(profile),
    command,
  }
}

const lengths = (text: string) =>
  text.split(',').map((length) => (length === '0' ? 0 : positiveInteger('queued', length)))

const experiments: Record<string, (values: Values, command: string) => Promise<number>> = {
  singles: (values, command) => runSingles(singlesOptions(values, command)),
  guard: (values, command) => runGuard(singlesOptions(values, command)),
  latency: (values) => runLatency({ ...load(values, 300), rounds: roundsOf(values) }),
  backlog: (values) => runBacklog({ ...load(values, 5000), queued: lengths(values.queued) }),
  batches: (values) =>
    runBatches({
      ...load(values, 5000),
      rounds: roundsOf(values),
      lines: positiveInteger('lines', values.lines),
    }),
  pool: (values) => runPool({ ...load(values, 200), rounds: roundsOf(values) }),
  compute: (values) => runCompute({ ...load(values, 120), rounds: roundsOf(values) }),
  isolation: ({ seconds }) => runIsolation({ root, seconds: positiveInteger('seconds', seconds) }),
  shadow: (values) => runShadow({ ...load(values, 5000), rounds: roundsOf(values, 5) }),
  noisy: (values) => runNoisy({ ...load(values, 200), rounds: roundsOf(values, 5) }),
  reload: ({ cycles }) => runReload({ root, cycles: positiveInteger('cycles', cycles) }),
}

async function run(argv: string[]): Promise<number> {
  const { experiment: name, ...values } = parse(argv)
  const experiment = Object.hasOwn(experiments, name) ? experiments[name] : undefined
  if (values.help || !experiment) {
    process.stderr.write(`${help}\n`)
    return values.help ? 0 : 2
  }
  return experiment(values, ['npm run bench --', ...argv].join(' '))
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
