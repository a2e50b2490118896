import { z } from 'zod'

/** What quality is judged by, read from the answer that callers would get. */
export type Answer =
  | { kind: 'classes'; label: string; probabilities: ReadonlyMap<string, number> }
  | { kind: 'number'; value: number }
  /** Every number of an embedding, or of raw tensors in the order of their names. */
  | { kind: 'vector'; values: readonly number[] }

const classes = z.looseObject({ label: z.string(), probabilities: z.record(z.string(), z.number()) })
const value = z.strictObject({ value: z.number() })

/** Reads an output; null where it holds nothing that can be compared. */
export function readAnswer(output: unknown): Answer | null {
  const asClasses = classes.safeParse(output)
  if (asClasses.success) {
    const { label, probabilities } = asClasses.data
    return { kind: 'classes', label, probabilities: new Map(Object.entries(probabilities)) }
  }
  const asValue = value.safeParse(output)
  if (asValue.success) return { kind: 'number', value: asValue.data.value }
  const values = numbersIn(output)
  return values.length === 0 ? null : { kind: 'vector', values }
}

/** All numbers of nested arrays and objects, depth first; `"NaN"` and the infinities are written as text in JSON. */
function numbersIn(output: unknown): number[] {
  const found: number[] = []
  const walk = (part: unknown): void => {
    if (typeof part === 'number') found.push(part)
    else if (part === 'NaN' || part === 'Infinity' || part === '-Infinity') found.push(Number(part))
    else if (Array.isArray(part)) for (const element of part) walk(element)
    else if (typeof part === 'object' && part !== null) {
      for (const [, element] of Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))) walk(element)
    }
  }
  walk(output)
  return found
}

/**
 * Whether an answer can stand in for another: of the same kind and length, and a finite number wherever that one has
 * one. A version that answers NaN has failed, however well it does on the rest.
 */
export function canReplace(original: Answer, other: Answer): boolean {
  if (original.kind !== other.kind) return false
  const [numbers, others] = [numbersOf(original), numbersOf(other)]
  return (
    numbers.length === others.length &&
    numbers.every((number, index) => !Number.isFinite(number) || Number.isFinite(others[index]))
  )
}

/** Its numbers in an order that both versions share. */
export function numbersOf(answer: Answer): number[] {
  if (answer.kind === 'number') return [answer.value]
  if (answer.kind === 'vector') return [...answer.values]
  return [...answer.probabilities].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, p]) => p)
}

/** Place of a class among the answer's classes by probability, 0 for the best. Ties go against the class. */
export function rankOf({ probabilities }: Extract<Answer, { kind: 'classes' }>, label: string): number {
  const own = probabilities.get(label)
  if (own === undefined) return Number.POSITIVE_INFINITY
  return [...probabilities].filter(([name, p]) => name !== label && p >= own).length
}
