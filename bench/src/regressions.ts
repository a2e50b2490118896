import type { Figure, Summary } from './findings.js'
import { summarise } from './findings.js'
import { modes } from './load.js'
import { titleOf, yardstickTitle } from './single-figures.js'

/** The part of a committed report that is compared with. */
export interface CommittedReport {
  /** Missing in reports of an older form. */
  experiments?: {
    singles?: { figures: readonly { title: string; summary: Pick<Summary, 'ratio'> }[] }
  }
}

/** What a release must not lose, and whether more of it is better. Ratios to the yardstick, so that machines do not count. */
const guarded: readonly { title: string; isMoreBetter: boolean }[] = [
  { title: 'CPU s / 1,000: total', isMoreBetter: false },
  { title: 'CPU s / 1,000: api', isMoreBetter: false },
  { title: 'CPU s / 1,000: worker', isMoreBetter: false },
  { title: 'Redis commands / prediction', isMoreBetter: false },
  { title: 'done /s', isMoreBetter: true },
]

const mostLoss = 0.2

export interface GuardedFigure {
  title: string
  before: number
  now: number
  /** Worse than before by more than a fifth. */
  isRegression: boolean
}

/** How the guarded ratios compare with those of a report. Figures that the report lacks are left out. */
export function findRegressions(committed: CommittedReport, measured: readonly Figure[]): GuardedFigure[] {
  return modes.flatMap((mode) =>
    guarded.flatMap(({ title: short, isMoreBetter }) => {
      const title = titleOf(mode, short)
      const before = ratioIn(committed, title)
      const now = ratioOf(measured, title)
      if (before === undefined || now === undefined) return []
      const loss = isMoreBetter ? before / now - 1 : now / before - 1
      return [{ title, before, now, isRegression: loss > mostLoss }]
    }),
  )
}

/**
 * Where the yardstick, which never changes, costs more than a fifth more beside the bare queue than in the first report:
 * then it was the machine that was measured. Empty where the run can be compared.
 */
export function findVoid(first: CommittedReport, measured: readonly Figure[]): string[] {
  return modes.map(yardstickTitle).filter((title) => {
    const [before, now] = [ratioIn(first, title), ratioOf(measured, title)]
    return before !== undefined && now !== undefined && now / before - 1 > mostLoss
  })
}

function ratioIn({ experiments }: CommittedReport, title: string): number | undefined {
  return experiments?.singles?.figures.find((figure) => figure.title === title)?.summary.ratio?.median
}

function ratioOf(measured: readonly Figure[], title: string): number | undefined {
  const figure = measured.find((each) => each.title === title)
  return figure && summarise(figure).ratio?.median
}
