/** Cases on which two models differ: right by one of them only. */
export interface Discordance {
  onlyFirst: number
  onlySecond: number
}

/**
 * McNemar's exact test (1947): the two-sided p of such a split of disagreements if both models were equally good, from
 * the binomial distribution with ½. 1 where they never disagree.
 */
export function mcnemarExact({ onlyFirst, onlySecond }: Discordance): number {
  const count = onlyFirst + onlySecond
  const fewer = Math.min(onlyFirst, onlySecond)
  let logTerm = -count * Math.LN2
  let tail = Math.exp(logTerm)
  for (let i = 1; i <= fewer; i++) {
    logTerm += Math.log((count - i + 1) / i)
    tail += Math.exp(logTerm)
  }
  return Math.min(1, 2 * tail)
}
