import { wilsonInterval } from '@augur/core/statistics/proportion'
import type { ClassificationQuality } from '@augur/core/verification/verification'
import { type Answer, rankOf } from '@augur/core/answers/answer'

type Classes = Extract<Answer, { kind: 'classes' }>

/** Counts one version's answers to labelled inputs. */
export class ClassificationTally {
  private readonly indexOf: Map<string, number>
  private readonly confusion: number[][]
  private count = 0
  private top1 = 0
  private topK = 0

  constructor(
    private readonly labels: readonly string[],
    private readonly k: number,
  ) {
    this.indexOf = new Map(labels.map((label, index) => [label, index]))
    this.confusion = labels.map(() => labels.map(() => 0))
  }

  /** `answer` is null where the version failed: that is a wrong answer, of no class. */
  add(label: string, answer: Classes | null): void {
    this.count++
    if (!answer) return
    const row = this.confusion[this.indexOf.get(label) ?? -1]
    const column = this.indexOf.get(answer.label)
    if (row && column !== undefined) row[column] = (row[column] ?? 0) + 1
    if (answer.label === label) this.top1++
    if (rankOf(answer, label) < this.k) this.topK++
  }

  /** Null without any labelled input. */
  quality(): ClassificationQuality | null {
    if (this.count === 0) return null
    const classes = this.labels.map((label, index) => ({ label, ...this.classQuality(index) }))
    const known = classes.flatMap(({ f1 }) => (f1 === null ? [] : [f1]))
    return {
      top1: this.proportion(this.top1),
      topK: this.k < this.labels.length && this.k > 1 ? { k: this.k, ...this.proportion(this.topK) } : null,
      macroF1: known.length === 0 ? null : known.reduce((sum, f1) => sum + f1, 0) / known.length,
      classes,
      confusion: this.confusion,
    }
  }

  private proportion(hits: number) {
    return { hits, count: this.count, ...wilsonInterval({ hits, count: this.count }) }
  }

  /** A class that was neither asked for nor answered has no quality; F1 of one that was never right is 0. */
  private classQuality(index: number) {
    const right = this.confusion[index]?.[index] ?? 0
    const support = sum(this.confusion[index] ?? [])
    const answered = sum(this.confusion.map((row) => row[index] ?? 0))
    const ratio = (whole: number) => (whole === 0 ? null : right / whole)
    const both = support + answered
    return {
      support,
      precision: ratio(answered),
      recall: ratio(support),
      f1: both === 0 ? null : (2 * right) / both,
    }
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
