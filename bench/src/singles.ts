import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { listenForStopSignals } from '@augur/cli/stop-signals'
import { startAugur } from './augur.js'
import { type Digit, readDigits } from './digits.js'
import type { Round } from './figures.js'
import { load, type Mode, modes } from './load.js'
import { measureCost } from './measure-cost.js'
import { observeRedis, type RedisObserver } from './redis-commands.js'
import { type Results, tableOf, writeReport } from './report.js'
import type { System, SystemConfig } from './system.js'
import { startYardstick } from './yardstick/start.js'

export interface SinglesOptions {
  root: string
  rounds: number
  predictions: number
  connections: number
  /** Whether the results are written to a file. */
  report: boolean
  profileDir?: string | undefined
  command: string
}

interface Contestant {
  system: System
  redis: RedisObserver
}

/** Everything that was measured; the first rounds of each system are in no comparison. */
interface Measured {
  results: Results
  rounds: readonly Round[]
}

interface Bench {
  options: SinglesOptions
  digits: Digit[]
  contestants: { augur: Contestant; yardstick: Contestant }
  signal: AbortSignal
}

const warmUpPredictions = 500
const say = (text: string) => void process.stderr.write(`${text}\n`)

/** Single predictions over HTTP, the product and the yardstick in turns. Returns the exit code. */
export function runSingles(options: SinglesOptions): Promise<number> {
  return withSingles(options, async ({ results, rounds }, bench) => {
    process.stdout.write(`${headOf(options)}\n\n${tableOf(results)}\n\n`)
    if (options.report) await report(results, bench)
    return verdict(rounds)
  })
}

/** Measures, and does with the results what is asked for. Returns its exit code, or 130 when it was interrupted. */
export async function withSingles(
  options: SinglesOptions,
  use: (measured: Measured, bench: Bench) => Promise<number>,
): Promise<number> {
  const signals = listenForStopSignals()
  const started: Contestant[] = []
  signals.second.addEventListener('abort', () => started.forEach(({ system }) => system.kill()))
  try {
    const digits = await readDigits(join(options.root, 'models/digits'))
    const config = { root: options.root, profileDir: options.profileDir, signal: signals.first }
    const contestants = await startContestants(config, started)
    const signal = AbortSignal.any([signals.first, ...started.map(({ system }) => system.failed)])
    // Every request under way listens to it.
    setMaxListeners(0, signal)
    const bench = { options, digits, contestants, signal }
    return await use(await compete(bench), bench)
  } catch (error) {
    if (signals.first.aborted) return 130
    throw error
  } finally {
    await Promise.all(started.map(stopContestant))
    signals.dispose()
  }
}

/** Adds each to `started` as soon as it runs, so that it is stopped whatever happens next. */
async function startContestants(config: SystemConfig, started: Contestant[]): Promise<Bench['contestants']> {
  const start = async (startSystem: (config: SystemConfig) => Promise<System>) => {
    const system = await startSystem(config)
    const contestant = { system, redis: observeRedis(system.redisUrl) }
    started.push(contestant)
    return contestant
  }
  return { augur: await start(startAugur), yardstick: await start(startYardstick) }
}

async function stopContestant({ system, redis }: Contestant): Promise<void> {
  redis.close()
  await system.stop()
}

async function compete(bench: Bench): Promise<Measured> {
  const { options, contestants } = bench
  const { augur, yardstick } = contestants
  const all: Round[] = []
  const run = async (contestant: Contestant, mode: Mode, count: number) => {
    const round = await runRound(bench, contestant, mode, count)
    all.push(round)
    return round
  }
  for (const mode of modes) {
    await run(augur, mode, warmUpPredictions)
    await run(yardstick, mode, warmUpPredictions)
  }
  const results: Results = { webhook: { augur: [], yardstick: [] }, poll: { augur: [], yardstick: [] } }
  for (const mode of modes) {
    for (let round = 0; round < options.rounds; round++) {
      results[mode].augur.push(await run(augur, mode, options.predictions))
      results[mode].yardstick.push(await run(yardstick, mode, options.predictions))
    }
  }
  return { results, rounds: all }
}

async function runRound(bench: Bench, contestant: Contestant, mode: Mode, count: number): Promise<Round> {
  const { system, redis } = contestant
  const { connections } = bench.options
  const { result, cost } = await measureCost(system, redis, () =>
    load(mode, { system, digits: bench.digits, count, connections, signal: bench.signal }),
  )
  say(`${mode}, ${system.name}: ${count} predictions in ${result.doneSeconds.toFixed(2)} s`)
  return { load: result, cost }
}

const headOf = ({ predictions, connections, rounds }: SinglesOptions) =>
  `${predictions} single predictions over ${connections} connections, medians of ${rounds} rounds`

async function report(results: Results, { options, contestants }: Bench): Promise<void> {
  const { root, command } = options
  const { version: redisVersion } = await contestants.augur.redis.identify()
  say(`Written to ${await writeReport(results, { root, command, redisVersion, at: new Date() })}`)
}

function verdict(rounds: readonly Round[]): number {
  const total = (count: 'wrong' | 'lost') => rounds.reduce((sum, { load: { [count]: n } }) => sum + n, 0)
  const [wrong, lost] = [total('wrong'), total('lost')]
  process.stdout.write(`Answers: ${wrong} wrong, ${lost} lost.\n`)
  return wrong + lost === 0 ? 0 : 1
}
