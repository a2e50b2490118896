import type { Digit } from './digits.js'

/** A prediction as both systems show it. */
export interface Prediction {
  id: string
  status: 'starting' | 'processing' | 'succeeded' | 'failed' | 'canceled'
  output: { label: string } | null
}

export interface Submitted {
  id: string
  digit: Digit
}

/** Labels by prediction id, as they came back. */
export type Answers = ReadonlyMap<string, string>

export interface Verdict {
  wrong: number
  lost: number
}

/** Compares what was asked with what was answered. An id that was given out twice loses one of the two. */
export function judge(submitted: readonly Submitted[], answers: Answers): Verdict {
  const wrong = submitted.filter(({ id, digit }) => answers.has(id) && answers.get(id) !== digit.expected)
  const distinct = new Set(submitted.map(({ id }) => id))
  const answered = [...distinct].filter((id) => answers.has(id))
  return { wrong: wrong.length, lost: submitted.length - answered.length }
}
