import { mcnemarExact } from '@augur/core/statistics/mcnemar'
import { wilsonInterval } from '@augur/core/statistics/proportion'
import type { Verification } from '@augur/core/verification/verification'
import type { Label } from '../dataset/example.js'
import { type Answer, canReplace } from '@augur/core/answers/answer'
import { ClassificationTally } from './classification.js'
import { DistanceTally } from '@augur/core/answers/distance'
import { RegressionTally } from './regression.js'

export interface CompareOptions {
  /** Names of all classes; null for versions that answer with something else. */
  labels: readonly string[] | null
  topK: number
}

type SideQuality = Pick<Verification['baseline'], 'failed' | 'classification' | 'regression'>
export type Quality = Pick<Verification, 'agreement' | 'disagreement' | 'distance'> & {
  baseline: SideQuality
  candidate: SideQuality
}

/** Takes the answers of baseline and candidate to one input after the other, and says how they compare. */
export class Comparison {
  private readonly baseline: SideTally
  private readonly candidate: SideTally
  private readonly distance = new DistanceTally()
  private both = 0
  private agreed = 0
  private labelled = 0
  private onlyBaseline = 0
  private onlyCandidate = 0

  constructor(options: CompareOptions) {
    this.baseline = new SideTally(options)
    this.candidate = new SideTally(options)
  }

  /** Null stands for an answer that failed. */
  add(label: Label | null, baseline: Answer | null, given: Answer | null): void {
    const candidate = given && baseline && !canReplace(baseline, given) ? null : given
    const rightBefore = this.baseline.add(label, baseline)
    const rightNow = this.candidate.add(label, candidate)
    if (label !== null) this.labelled++
    if (rightBefore && !rightNow) this.onlyBaseline++
    if (rightNow && !rightBefore) this.onlyCandidate++
    if (!baseline || !candidate) return
    this.distance.add(baseline, candidate)
    if (baseline.kind !== 'classes' || candidate.kind !== 'classes') return
    this.both++
    if (baseline.label === candidate.label) this.agreed++
  }

  result(): Quality {
    const { onlyBaseline, onlyCandidate } = this
    const split = { onlyFirst: onlyBaseline, onlySecond: onlyCandidate }
    const agreement = { hits: this.agreed, count: this.both }
    const isClassified = this.both > 0
    return {
      baseline: this.baseline.quality(),
      candidate: this.candidate.quality(),
      agreement: isClassified ? { ...agreement, ...wilsonInterval(agreement) } : null,
      disagreement:
        isClassified && this.labelled > 0 ? { onlyBaseline, onlyCandidate, p: mcnemarExact(split) } : null,
      distance: this.distance.result(),
    }
  }
}

/** The quality of one version. */
class SideTally {
  private readonly classification: ClassificationTally | null
  private readonly regression = new RegressionTally()
  private failed = 0

  constructor({ labels, topK }: CompareOptions) {
    this.classification = labels && new ClassificationTally(labels, topK)
  }

  /** Returns whether the answer names the right class. */
  add(label: Label | null, answer: Answer | null): boolean {
    if (!answer) this.failed++
    if (label === null) return false
    if (this.classification) {
      const classes = answer?.kind === 'classes' ? answer : null
      this.classification.add(String(label), classes)
      return classes?.label === String(label)
    }
    if (answer?.kind === 'number' && typeof label === 'number') this.regression.add(label, answer.value)
    return false
  }

  quality(): SideQuality {
    return {
      failed: this.failed,
      classification: this.classification?.quality() ?? null,
      regression: this.regression.quality(),
    }
  }
}
