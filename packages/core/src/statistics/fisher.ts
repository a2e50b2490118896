import type { Proportion } from './proportion.js'

/** ln n!, by Stirling's series beyond what is multiplied out: exact to about 1e-12. */
function logFactorial(n: number): number {
  if (n < 20) {
    let product = 1
    for (let i = 2; i <= n; i++) product *= i
    return Math.log(product)
  }
  const x = n + 1
  const series = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5)
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series
}

const logChoose = (n: number, k: number) => logFactorial(n) - logFactorial(k) - logFactorial(n - k)

// Outcomes as likely as the observed one count, whatever rounding says of them.
const rounding = 1 + 1e-7

/**
 * Fisher's exact test, two-sided: how likely a split of the hits at least as unlikely as the observed one would be if
 * both shares were the same. Holds for few hits, where the z-test does not.
 */
export function fisherExact(a: Proportion, b: Proportion): number {
  const hits = a.hits + b.hits
  const whole = logChoose(a.count + b.count, hits)
  const chance = (ofA: number) => Math.exp(logChoose(a.count, ofA) + logChoose(b.count, hits - ofA) - whole)
  const observed = chance(a.hits) * rounding
  let p = 0
  for (let ofA = Math.max(0, hits - b.count); ofA <= Math.min(a.count, hits); ofA++) {
    const likely = chance(ofA)
    if (likely <= observed) p += likely
  }
  return Math.min(1, p)
}
