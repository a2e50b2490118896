import { type Comparison, compareFigure } from './comparison.js'
import { type FigureName, figures } from './figures.js'
import { type Mode, modes } from './load.js'

/** The part of a committed report that is compared with. */
export interface CommittedReport {
  results: Record<Mode, { summary: Partial<Record<FigureName, { ratio: { median: number } | null }>> }>
}

/** What a release must not lose, and whether more of it is better. Ratios to the yardstick, so that machines do not count. */
const guarded: readonly { name: FigureName; isMoreBetter: boolean }[] = [
  { name: 'totalCpuSeconds', isMoreBetter: false },
  { name: 'apiCpuSeconds', isMoreBetter: false },
  { name: 'workerCpuSeconds', isMoreBetter: false },
  { name: 'redisCommands', isMoreBetter: false },
  { name: 'donePerSecond', isMoreBetter: true },
]

const mostLoss = 0.2

export interface GuardedFigure {
  title: string
  before: number
  now: number
  /** Worse than before by more than a fifth. */
  isRegression: boolean
}

/** How the guarded ratios compare with those of a report, by mode. Figures that the report lacks are left out. */
export function findRegressions(
  committed: CommittedReport,
  results: Record<Mode, Comparison>,
): GuardedFigure[] {
  return modes.flatMap((mode) =>
    guarded.flatMap(({ name, isMoreBetter }) => {
      const before = committed.results[mode].summary[name]?.ratio?.median
      const now = compareFigure(name, results[mode]).ratio?.median
      if (before === undefined || now === undefined) return []
      const loss = isMoreBetter ? before / now - 1 : now / before - 1
      return [{ title: `${mode}: ${figures[name].title}`, before, now, isRegression: loss > mostLoss }]
    }),
  )
}
