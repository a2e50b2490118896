import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Answer, rankOf, readAnswer } from '@augur/core/answers/answer'
import { Comparison } from './compare.js'

const labels = ['a', 'b', 'c']

function classes(scores: Record<string, number>): Answer {
  const [best] = Object.entries(scores).toSorted(([, p], [, q]) => q - p)
  return { kind: 'classes', label: best?.[0] ?? '', probabilities: new Map(Object.entries(scores)) }
}
const sure = (label: string) =>
  classes(Object.fromEntries(labels.map((each) => [each, each === label ? 0.8 : 0.1])))

test('accuracy, precision, recall and F1 are those of the confusion matrix', () => {
  const comparison = new Comparison({ labels, topK: 2 })
  // True a: 3 times a, once b. True b: once b, once c. Never c.
  for (const [label, answer] of ['aa', 'aa', 'aa', 'ab', 'bb', 'bc']) {
    comparison.add(label ?? '', sure(label ?? ''), sure(answer ?? ''))
  }
  const { candidate, baseline } = comparison.result()
  expect(baseline.classification?.top1.hits).toBe(6)
  expect(candidate.classification?.top1).toMatchObject({ hits: 4, count: 6 })
  expect(candidate.classification?.confusion).toEqual([
    [3, 1, 0],
    [0, 1, 1],
    [0, 0, 0],
  ])
  // Values of scikit-learn 1.x: precision_recall_fscore_support of the same six answers.
  expect(candidate.classification?.classes).toEqual([
    { label: 'a', support: 4, precision: 1, recall: 0.75, f1: 6 / 7 },
    { label: 'b', support: 2, precision: 0.5, recall: 0.5, f1: 0.5 },
    { label: 'c', support: 0, precision: 0, recall: null, f1: 0 },
  ])
})

test('agreement and disagreement count inputs, not versions', () => {
  const comparison = new Comparison({ labels, topK: 2 })
  comparison.add('a', sure('a'), sure('a'))
  comparison.add('a', sure('a'), sure('b'))
  comparison.add('a', sure('b'), sure('a'))
  comparison.add('a', sure('b'), sure('b'))
  comparison.add(null, sure('c'), sure('c'))
  const { agreement, disagreement } = comparison.result()
  expect(agreement).toMatchObject({ hits: 3, count: 5 })
  expect(disagreement).toEqual({ onlyBaseline: 1, onlyCandidate: 1, p: 1 })
})

test('an answer that failed is wrong, counted, and in no agreement', () => {
  const comparison = new Comparison({ labels, topK: 2 })
  comparison.add('a', sure('a'), null)
  comparison.add('a', sure('a'), sure('a'))
  const { candidate, agreement, disagreement } = comparison.result()
  expect(candidate.failed).toBe(1)
  expect(candidate.classification?.top1).toMatchObject({ hits: 1, count: 2 })
  expect(agreement).toMatchObject({ hits: 1, count: 1 })
  expect(disagreement?.onlyBaseline).toBe(1)
})

test('a model that gives every class the same score is right about none', () => {
  const even = classes({ a: 1 / 3, b: 1 / 3, c: 1 / 3 })
  expect(even.kind === 'classes' && rankOf(even, 'a')).toBe(2)
})

test('distances of known outputs', () => {
  const comparison = new Comparison({ labels, topK: 2 })
  comparison.add(null, classes({ a: 0.5, b: 0.5 }), classes({ a: 0.25, b: 0.75 }))
  const { distance } = comparison.result()
  expect(distance.maxAbsolute).toBe(0.25)
  expect(distance.meanAbsolute).toBe(0.25)
  expect(distance.meanCosine).toBeCloseTo(0.5 / (Math.SQRT1_2 * Math.hypot(0.25, 0.75)), 12)
  // ½ ln 2 + ½ ln ⅔
  expect(distance.meanKl).toBeCloseTo(0.5 * Math.log(2) + 0.5 * Math.log(2 / 3), 12)
})

test('numbers have errors where there are labels, and no classes', () => {
  const comparison = new Comparison({ labels: null, topK: 5 })
  comparison.add(10, { kind: 'number', value: 11 }, { kind: 'number', value: 13 })
  comparison.add(20, { kind: 'number', value: 19 }, { kind: 'number', value: 16 })
  const { baseline, candidate, agreement } = comparison.result()
  expect(baseline.regression).toEqual({ mae: 1, rmse: 1 })
  expect(candidate.regression).toEqual({ mae: 3.5, rmse: Math.sqrt(12.5) })
  expect(agreement).toBeNull()
})

test('a version is at no distance from itself', () => {
  const vector = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(vector, (values) => {
      const comparison = new Comparison({ labels: null, topK: 5 })
      comparison.add(null, { kind: 'vector', values }, { kind: 'vector', values })
      const { distance } = comparison.result()
      expect(distance.maxAbsolute).toBe(0)
      // A vector of zeros has no direction.
      expect(distance.meanCosine ?? 1).toBeCloseTo(1, 6)
    }),
  )
})

test.each<[string, Answer, Answer]>([
  ['a NaN in a vector', { kind: 'vector', values: [1, 2] }, { kind: 'vector', values: [1, Number.NaN] }],
  ['a NaN in place of a number', { kind: 'number', value: 1 }, { kind: 'vector', values: [Number.NaN] }],
  ['a vector of another length', { kind: 'vector', values: [1, 2] }, { kind: 'vector', values: [1] }],
])('%s is a failed answer, however well the candidate does on the rest', (_, baseline, candidate) => {
  const comparison = new Comparison({ labels: null, topK: 5 })
  comparison.add(1, baseline, candidate)
  comparison.add(1, baseline, baseline)
  expect(comparison.result().candidate.failed).toBe(1)
})

test('a vector of zeros is as little like the baseline as can be told', () => {
  const comparison = new Comparison({ labels: null, topK: 5 })
  comparison.add(null, { kind: 'vector', values: [1, 2] }, { kind: 'vector', values: [0, 0] })
  expect(comparison.result().distance.meanCosine).toBe(0)
})

test.each([
  [{ label: 'a', probabilities: { a: 1 }, top: [] }, 'classes'],
  [{ value: 3 }, 'number'],
  [{ embedding: [1, 2] }, 'vector'],
  [{ y: [[1, 'NaN']] }, 'vector'],
  [{ text: 'nothing to measure' }, null],
])('%j is read as %s', (output, kind) => {
  expect(readAnswer(output)?.kind ?? null).toBe(kind)
})
