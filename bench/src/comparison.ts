import { type FigureName, figures, type Round } from './figures.js'
import { median } from '@augur/core/statistics/quantiles'
import { type Spread, spread } from './statistics.js'

/** The rounds of both systems under one load, in the order in which they ran. */
export interface Comparison {
  augur: Round[]
  yardstick: Round[]
}

export interface ComparedFigure {
  augur: number
  yardstick: number
  /** Ours by theirs, round by round; null where theirs is 0. */
  ratio: Spread | null
}

/** Medians over the rounds. The ratio is taken within each round, so that a slow minute of the machine hits both. */
export function compareFigure(name: FigureName, { augur, yardstick }: Comparison): ComparedFigure {
  const ours = augur.map((round) => figures[name].of(round))
  const theirs = yardstick.map((round) => figures[name].of(round))
  const ratios = ours.map((value, round) => value / (theirs[round] ?? Number.NaN))
  return {
    augur: median(ours),
    yardstick: median(theirs),
    ratio: ratios.every(Number.isFinite) ? spread(ratios) : null,
  }
}
