import { percentile } from '@augur/core/statistics/quantiles'
import type { Figure, Target } from './findings.js'
import type { LoadResult, Mode } from './load.js'
import type { Cost, Role } from './measure-cost.js'

/** One system under one load, once. */
export interface Round {
  load: LoadResult
  cost: Cost
}

/** The rounds of both systems under one load, in the order in which they ran, and those of the bare queue. */
export interface Comparison {
  augur: Round[]
  yardstick: Round[]
  /** CPU seconds for 1,000 jobs that do nothing, after the rounds of both. */
  bare: number[]
}

const per1000 = ({ load }: Round, amount: number) => (1000 * amount) / load.submitMs.length
const submitted = ({ load }: Round) => load.submitMs.length
const cpuOf = (role: Role) => (round: Round) => per1000(round, round.cost.cpuSeconds[role])
const submitMs = (share: number) => (round: Round) => percentile(round.load.submitMs, share)

function totalCpu(round: Round): number {
  const { redis, api, worker } = round.cost.cpuSeconds
  return per1000(round, redis + api + worker)
}

function commandsOf({ cost: { commands } }: Round) {
  const all = Object.values(commands)
  const sum = (of: (use: { calls: number; usec: number }) => number) =>
    all.reduce((total, use) => total + of(use), 0)
  return { calls: sum(({ calls }) => calls), usec: sum(({ usec }) => usec) }
}

interface Definition {
  title: string
  places: number
  of(round: Round): number
  target?: Partial<Record<Mode, Target>>
}

/** Everything that is reported of single predictions, by each way in which the answers come back. */
export const definitions: readonly Definition[] = [
  { title: 'submitted /s', places: 0, of: (round) => submitted(round) / round.load.submitSeconds },
  {
    title: 'done /s',
    places: 0,
    of: (round) => submitted(round) / round.load.doneSeconds,
    target: { webhook: { atLeast: 1.5 }, poll: { atLeast: 1.5 } },
  },
  { title: 'submit ms, p50', places: 1, of: submitMs(0.5) },
  { title: 'submit ms, p95', places: 1, of: submitMs(0.95) },
  { title: 'submit ms, p99', places: 1, of: submitMs(0.99) },
  { title: 'CPU s / 1,000: redis', places: 3, of: cpuOf('redis') },
  { title: 'CPU s / 1,000: api', places: 3, of: cpuOf('api') },
  { title: 'CPU s / 1,000: worker', places: 3, of: cpuOf('worker') },
  {
    title: 'CPU s / 1,000: total',
    places: 3,
    of: totalCpu,
    target: { webhook: { atMost: 0.58 }, poll: { atMost: 0.7 } },
  },
  {
    title: 'Redis commands / prediction',
    places: 1,
    of: (round) => commandsOf(round).calls / submitted(round),
  },
  { title: 'Redis µs / prediction', places: 0, of: (round) => commandsOf(round).usec / submitted(round) },
  { title: 'peak memory MB', places: 0, of: ({ cost }) => cost.peakBytes / 1e6 },
  { title: 'polls without the output', places: 0, of: ({ load }) => load.emptyAnswers },
]

export const titleOf = (mode: Mode, title: string) => `by ${mode}: ${title}`

/** What the other server costs beside an empty queue: the measure of whether a run can be compared with another. */
export const yardstickTitle = (mode: Mode) => titleOf(mode, 'the yardstick itself, CPU s / 1,000')

/** The figures of one way in which answers come back. */
export function figuresOf(mode: Mode, { augur, yardstick, bare }: Comparison): Figure[] {
  const figures = definitions.map(({ title, places, of, target }): Figure => {
    const wanted = target?.[mode]
    return {
      title: titleOf(mode, title),
      places,
      values: augur.map(of),
      floor: { name: 'yardstick', values: yardstick.map(of) },
      ...(wanted && { target: wanted }),
    }
  })
  const beside: Figure = {
    title: yardstickTitle(mode),
    places: 3,
    values: yardstick.map(totalCpu),
    floor: { name: 'bare queue', values: bare },
  }
  return [...figures, beside]
}
