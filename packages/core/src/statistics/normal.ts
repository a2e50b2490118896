/** Beyond this the distribution ends as far as doubles can tell. */
const outermost = 9

/** The standard normal density at `z`. */
export const normalDensity = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)

/** P(Z ≤ z) of the standard normal distribution, by Marsaglia's series (2004): exact to about 1e-15. */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) return Number.NaN
  if (z <= -outermost) return 0
  if (z >= outermost) return 1
  let term = z
  let sum = z
  for (let i = 3; ; i += 2) {
    term *= (z * z) / i
    const next = sum + term
    if (next === sum) return 0.5 + sum * normalDensity(z)
    sum = next
  }
}

/** The z below which a standard normal value lies with probability `p` (0 to 1, ends excluded). */
export function normalQuantile(p: number): number {
  let low = -outermost
  let high = outermost
  while (true) {
    const middle = (low + high) / 2
    if (middle <= low || middle >= high) return middle
    if (normalCdf(middle) < p) low = middle
    else high = middle
  }
}

/** P(|Z| ≥ |z|): how surprising a z-score is, whichever side it lies on. */
export const twoSidedP = (z: number): number => Math.min(1, 2 * normalCdf(-Math.abs(z)))
