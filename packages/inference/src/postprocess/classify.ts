import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Manifest } from '@augur/core/models/manifest'
import type { Activation } from '@augur/core/models/pipelines/classifier'
import type { Tensors } from '../tensor.js'
import { sigmoid } from './sigmoid.js'
import { softmax } from './softmax.js'
import { topK } from './top-k.js'

/** What every classifier answers. */
export interface Classification {
  label: string
  probabilities: Record<string, number>
  top: { label: string; probability: number }[]
}

interface ClassifierSpec {
  labels: string
  activation: Activation
  topK: number
}

/** The answer for outputs of batch size 1; `wanted` is how many of the best classes it lists. */
export type Classify = (outputs: Tensors, wanted?: unknown) => Classification

const activations: Record<Activation, (scores: Float32Array) => ArrayLike<number>> = {
  softmax,
  sigmoid,
  none: (scores) => scores,
}

/** Reads a version's labels and finds the output that has a score for each. Rejects where none has. */
export async function openClassifier(
  folder: string,
  { outputs }: Pick<Manifest, 'outputs'>,
  spec: ClassifierSpec,
): Promise<Classify> {
  const labels = parseLabels(await readFile(join(folder, spec.labels), 'utf8'))
  const output = outputs.find(({ shape }) => shape?.length === 2 && shape[1] === labels.length)
  if (!output) throw new Error(`no output has one score for each of the ${labels.length} labels`)
  return (tensors, wanted) => {
    const scores = tensors[output.name]?.data
    if (!(scores instanceof Float32Array)) throw new TypeError('the scores are not float32')
    const probabilities = activations[spec.activation](scores)
    return rank(labels, probabilities, typeof wanted === 'number' ? wanted : spec.topK)
  }
}

function rank(labels: string[], probabilities: ArrayLike<number>, wanted: number): Classification {
  const classOf = (index: number) => ({ label: labels[index] ?? '', probability: probabilities[index] ?? 0 })
  const top = topK(probabilities, wanted).map(classOf)
  return {
    label: top[0]?.label ?? '',
    probabilities: Object.fromEntries(labels.map((label, index) => [label, probabilities[index] ?? 0])),
    top,
  }
}

/** One label a line. */
function parseLabels(text: string): string[] {
  const labels = text.split(/\r?\n/).map((line) => line.trim())
  if (labels.at(-1) === '') labels.pop()
  if (labels.includes('')) throw new Error('a line of the labels file is empty')
  if (new Set(labels).size !== labels.length) throw new Error('the labels file holds a label twice')
  return labels
}
