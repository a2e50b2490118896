import type { LoadResult } from './load.js'
import type { Cost, Role } from './measure-cost.js'
import { percentile } from '@augur/core/statistics/quantiles'

/** One system under one load, once. */
export interface Round {
  load: LoadResult
  cost: Cost
}

interface Figure {
  title: string
  /** Decimal places in the table. */
  places: number
  of(round: Round): number
}

const per1000 = ({ load }: Round, amount: number) => (1000 * amount) / load.submitMs.length
const submitted = ({ load }: Round) => load.submitMs.length
const cpuOf = (role: Role) => (round: Round) => per1000(round, round.cost.cpuSeconds[role])
const submitMs = (share: number) => (round: Round) => percentile(round.load.submitMs, share)

function totalCpu(round: Round): number {
  const { redis, api, worker } = round.cost.cpuSeconds
  return per1000(round, redis + api + worker)
}

const commands = (round: Round) =>
  Object.values(round.cost.commands).reduce((sum, { calls }) => sum + calls, 0)

/** Everything that is reported of a round. */
export const figures = {
  submittedPerSecond: {
    title: 'submitted /s',
    places: 0,
    of: (round) => submitted(round) / round.load.submitSeconds,
  },
  donePerSecond: { title: 'done /s', places: 0, of: (round) => submitted(round) / round.load.doneSeconds },
  submitP50Ms: { title: 'submit ms, p50', places: 1, of: submitMs(0.5) },
  submitP95Ms: { title: 'submit ms, p95', places: 1, of: submitMs(0.95) },
  submitP99Ms: { title: 'submit ms, p99', places: 1, of: submitMs(0.99) },
  redisCpuSeconds: { title: 'CPU s / 1,000: redis', places: 3, of: cpuOf('redis') },
  apiCpuSeconds: { title: 'CPU s / 1,000: api', places: 3, of: cpuOf('api') },
  workerCpuSeconds: { title: 'CPU s / 1,000: worker', places: 3, of: cpuOf('worker') },
  totalCpuSeconds: { title: 'CPU s / 1,000: total', places: 3, of: totalCpu },
  redisCommands: {
    title: 'Redis commands / prediction',
    places: 1,
    of: (round) => commands(round) / submitted(round),
  },
  peakMegabytes: { title: 'peak memory MB', places: 0, of: ({ cost }) => cost.peakBytes / 1e6 },
  emptyAnswers: { title: 'polls without the output', places: 0, of: ({ load }) => load.emptyAnswers },
} satisfies Record<string, Figure>

export type FigureName = keyof typeof figures

export const figureNames = Object.keys(figures) as FigureName[]
