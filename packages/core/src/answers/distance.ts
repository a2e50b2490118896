import type { OutputDistance } from '../verification/verification.js'
import { type Answer, numbersOf } from './answer.js'

/** Below this a probability counts as this: the divergence of an impossible class would be without end. */
const least = 1e-12

/** Adds up how far the answers of two versions to the same inputs are apart. */
export class DistanceTally {
  private maxAbsolute = 0
  private absolute = 0
  private numbers = 0
  private cosine = 0
  private cosines = 0
  private kl = 0
  private kls = 0

  add(baseline: Answer, candidate: Answer): void {
    const [a, b] = [numbersOf(baseline), numbersOf(candidate)]
    // Answers of different lengths have no distance; who compares versions counts such an answer as failed.
    if (a.length !== b.length) return
    for (const [index, value] of a.entries()) this.addNumber(value, b[index] ?? Number.NaN)
    const cosine = cosineOf(a, b)
    if (cosine !== null) {
      this.cosine += cosine
      this.cosines++
    }
    if (isDistribution(baseline, a) && isDistribution(candidate, b)) {
      this.kl += divergence(a, b)
      this.kls++
    }
  }

  result(): OutputDistance {
    return {
      maxAbsolute: this.numbers === 0 ? null : this.maxAbsolute,
      meanAbsolute: mean(this.absolute, this.numbers),
      meanCosine: mean(this.cosine, this.cosines),
      meanKl: mean(this.kl, this.kls),
    }
  }

  private addNumber(a: number, b: number): void {
    // Both the same infinity, or both no number: no distance.
    const distance = Object.is(a, b) ? 0 : Math.abs(a - b)
    if (!Number.isFinite(distance)) {
      this.maxAbsolute = Number.MAX_VALUE
      return
    }
    this.numbers++
    this.absolute += distance
    this.maxAbsolute = Math.max(this.maxAbsolute, distance)
  }
}

const mean = (sum: number, count: number) => (count === 0 ? null : sum / count)

/** Null where one of them has no direction. */
function cosineOf(a: readonly number[], b: readonly number[]): number | null {
  let dot = 0
  let squareA = 0
  let squareB = 0
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0
    dot += value * other
    squareA += value * value
    squareB += other * other
  }
  // One of them points nowhere: as little alike as two directions that have nothing in common.
  if ((squareA === 0) !== (squareB === 0)) return 0
  const length = Math.sqrt(squareA) * Math.sqrt(squareB)
  return length > 0 && Number.isFinite(length) ? dot / length : null
}

function isDistribution({ kind }: Answer, values: readonly number[]): boolean {
  if (kind !== 'classes' || values.some((value) => value < 0)) return false
  return Math.abs(values.reduce((sum, value) => sum + value, 0) - 1) < 1e-3
}

/** Kullback-Leibler, in nats, of the candidate's probabilities from the baseline's. */
function divergence(a: readonly number[], b: readonly number[]): number {
  let total = 0
  for (const [index, p] of a.entries()) {
    if (p > 0) total += p * Math.log(p / Math.max(b[index] ?? 0, least))
  }
  return Math.max(0, total)
}
