import type { RegressionQuality } from '@augur/core/verification/verification'

/** Adds up how far predicted numbers are from true ones. */
export class RegressionTally {
  private count = 0
  private absolute = 0
  private squared = 0

  add(label: number, value: number): void {
    this.count++
    this.absolute += Math.abs(value - label)
    this.squared += (value - label) ** 2
  }

  /** Null without any labelled input. */
  quality(): RegressionQuality | null {
    if (this.count === 0) return null
    return { mae: this.absolute / this.count, rmse: Math.sqrt(this.squared / this.count) }
  }
}
