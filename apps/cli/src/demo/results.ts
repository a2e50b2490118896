import { drawAsText } from './draw-digit.js'
import type { Answered } from './predict.js'

const leastAccuracy = 0.9
const drawnSideBySide = 4

export interface Summary {
  predictions: number
  succeeded: number
  correct: number
  webhooks: number
  verified: number
  ok: boolean
}

const isCorrect = ({ prediction, sample }: Answered) => prediction.output?.label === sample.label

/** Counts what happened. `ok`: every prediction succeeded, every webhook came and was signed, hardly a digit was misread. */
export function summarise(
  answered: readonly Answered[],
  { webhooks, verified }: { webhooks: number; verified: number },
): Summary {
  const predictions = answered.length
  const succeeded = answered.filter(({ prediction }) => prediction.status === 'succeeded').length
  const correct = answered.filter(isCorrect).length
  const wanted = answered.filter(({ sample }) => sample.way === 'webhook').length
  const ok =
    predictions > 0 &&
    succeeded === predictions &&
    correct >= leastAccuracy * predictions &&
    webhooks === wanted &&
    verified === wanted &&
    answered.every(({ matchesGet }) => matchesGet)
  return { predictions, succeeded, correct, webhooks, verified, ok }
}

/** A few of the digits as they were written, with what the model reads in them. */
export function picture(answered: readonly Answered[]): string {
  const shown = answered.slice(0, drawnSideBySide)
  const drawings = shown.map(({ sample }) => drawAsText(sample.pixels))
  const lines = drawings[0]?.map((_, y) => drawings.map((drawing) => drawing[y]).join('   ')) ?? []
  const captions = shown.map(({ prediction }) => `→ ${prediction.output?.label ?? '?'}`.padEnd(16))
  return [...lines, captions.join('   ')].map((line) => `  ${line}`.trimEnd()).join('\n')
}

export function table(answered: readonly Answered[]): string {
  const head = ['digit', 'answer', 'probability', 'sent as', 'answered by', 'ms', '']
  const rows = answered.map(rowOf)
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const format = (row: readonly string[]) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd()
  return [head, ...rows].map(format).join('\n')
}

function rowOf(answered: Answered): string[] {
  const { sample, prediction, durationMs, matchesGet } = answered
  const { label = '-', probabilities = {} } = prediction.output ?? {}
  return [
    sample.label,
    label,
    (probabilities[label] ?? 0).toFixed(3),
    sample.form === 'pixels' ? '64 numbers' : `PNG, ${sample.form}`,
    sample.way,
    durationMs.toFixed(0),
    [!isCorrect(answered) && 'misread', !matchesGet && 'differs from GET'].filter(Boolean).join(', '),
  ]
}
