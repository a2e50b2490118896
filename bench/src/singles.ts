import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { listenForStopSignals } from '@augur/cli/stop-signals'
import { startAugur } from './augur.js'
import { type BareQueue, startBareQueue } from './bare-queue/start.js'
import { type Digit, readDigits } from './digits.js'
import type { Findings } from './findings.js'
import { load, type Mode, modes } from './load.js'
import { cpuMsEach, measureCost } from './measure-cost.js'
import { observeRedis, type RedisObserver } from './redis-commands.js'
import { type Comparison, figuresOf, type Round } from './single-figures.js'
import type { System, SystemConfig } from './system.js'
import { startYardstick } from './yardstick/start.js'

export interface SinglesOptions {
  root: string
  rounds: number
  predictions: number
  connections: number
  profileDir?: string | undefined
}

/** Somebody asked for the end of it. */
export class Interrupted extends Error {}

interface Contestant {
  system: System
  redis: RedisObserver
}

interface Bench {
  options: SinglesOptions
  digits: Digit[]
  contestants: { augur: Contestant; yardstick: Contestant }
  /** Lives in the Redis of the yardstick. */
  bare: BareQueue
  signal: AbortSignal
}

const warmUpPredictions = 500
const say = (text: string) => void process.stderr.write(`${text}\n`)

/**
 * Single predictions over HTTP, the product and the yardstick in turns.
 * @throws Interrupted
 */
export async function measureSingles(options: SinglesOptions): Promise<Findings> {
  const signals = listenForStopSignals()
  const started: Contestant[] = []
  let bare: BareQueue | undefined
  signals.second.addEventListener('abort', () => started.forEach(({ system }) => system.kill()))
  try {
    const digits = await readDigits(join(options.root, 'models/digits'))
    const config = { root: options.root, profileDir: options.profileDir, signal: signals.first }
    const contestants = await startContestants(config, started)
    bare = await startBareQueue(contestants.yardstick.system.redisUrl)
    const signal = AbortSignal.any([signals.first, ...started.map(({ system }) => system.failed)])
    // Every request under way listens to it.
    setMaxListeners(0, signal)
    return await compete({ options, digits, contestants, bare, signal })
  } catch (error) {
    throw signals.first.aborted ? new Interrupted() : error
  } finally {
    await bare?.stop()
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

async function compete(bench: Bench): Promise<Findings> {
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
  await bench.bare.run(warmUpPredictions)
  const compare = async (mode: Mode): Promise<Comparison> => {
    const comparison: Comparison = { augur: [], yardstick: [], bare: [] }
    for (let round = 0; round < options.rounds; round++) {
      comparison.augur.push(await run(augur, mode, options.predictions))
      comparison.yardstick.push(await run(yardstick, mode, options.predictions))
      comparison.bare.push(await runBare(bench))
    }
    return comparison
  }
  // One after the other: each way has the machine to itself.
  const byWebhook = figuresOf('webhook', await compare('webhook'))
  const byPoll = figuresOf('poll', await compare('poll'))
  return findingsOf(options, [...byWebhook, ...byPoll], all)
}

/** CPU seconds for 1,000 empty jobs. */
async function runBare({ bare, contestants, options }: Bench): Promise<number> {
  const { predictions } = options
  const { cost } = await measureCost(bare, contestants.yardstick.redis, () => bare.run(predictions))
  return cpuMsEach(cost, predictions)
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

function findingsOf(
  { predictions, connections, rounds }: SinglesOptions,
  figures: Findings['figures'],
  all: readonly Round[],
): Findings {
  const total = (count: 'wrong' | 'lost') => all.reduce((sum, { load: { [count]: n } }) => sum + n, 0)
  const [wrong, lost] = [total('wrong'), total('lost')]
  return {
    title: `${predictions} single predictions over ${connections} connections, ${rounds} rounds`,
    figures,
    notes: [`Answers: ${wrong} wrong, ${lost} lost.`],
    isRight: wrong + lost === 0,
  }
}
