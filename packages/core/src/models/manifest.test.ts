import { describe, expect, test } from 'vitest'
import { type ManifestInput, manifestSchema } from './manifest.js'

const sha256 = '0'.repeat(64)
const float = (...shape: (number | string)[]) => ({ name: 'x', type: 'float32' as const, shape })
const base = {
  inputs: [float('N', 1, 8, 8)],
  outputs: [float('N', 10)],
  pipeline: {
    name: 'image-classification' as const,
    image: { width: 8, height: 8, channels: 1 as const },
    labels: 'labels.txt',
  },
  files: ['model.onnx', 'labels.txt'].map((path) => ({ path, sha256 })),
}

const issuesOf = (parts: Partial<ManifestInput>): string[] =>
  manifestSchema.safeParse({ ...base, ...parts }).error?.issues.map(({ path }) => path.join('.')) ?? []

test('a manifest needs no more than tensors, pipeline and files', () => {
  const { serving, description } = manifestSchema.parse(base)
  expect(description).toBe('')
  expect(serving).toEqual({
    instances: 1,
    timeoutSeconds: 30,
    batching: { maxSize: 1, maxDelayMs: 2 },
  })
})

describe('what contradicts itself is refused where it stands', () => {
  const { pipeline, files } = base
  test.each<[string, Partial<ManifestInput>, string]>([
    ['files without the model', { files: files.slice(1) }, 'files'],
    ['files without the labels', { files: files.slice(0, 1) }, 'files'],
    ['files without the module', { pipeline: { name: 'module', path: 'own.mjs' } }, 'files'],
    ['a file twice', { files: [...files, ...files.slice(1)] }, 'files.2.path'],
    ['a way out of the folder', { files: [...files, { path: '../x', sha256 }] }, 'files.2.path'],
    ['a hidden file', { files: [...files, { path: 'a/.x', sha256 }] }, 'files.2.path'],
    ['a tensor twice', { outputs: [float('N', 10), float('N', 2)] }, 'outputs.1.name'],
    ['an image model with two inputs', { inputs: [float('N', 64), { ...float('N'), name: 'z' }] }, 'inputs'],
    ['an image model without scores', { outputs: [float('N', 'classes')] }, 'outputs'],
    [
      'padding of an input that is none',
      { serving: { batching: { padding: { z: 0 } } } },
      'serving.batching.padding.z',
    ],
    [
      'padding of another type',
      { serving: { batching: { padding: { x: 'a' } } } },
      'serving.batching.padding.x',
    ],
    ['a tensor that hides', { outputs: [{ ...float('N', 10), name: '__proto__' }] }, 'outputs.0.name'],
    [
      'automatic polarity without ink',
      { pipeline: { ...pipeline, image: { ...pipeline.image, polarity: 'auto' } } },
      'pipeline.image.ink',
    ],
    [
      'a mean for each of two channels',
      { pipeline: { ...pipeline, normalise: { mean: [0, 0], std: [1] } } },
      'pipeline.normalise.mean',
    ],
  ])('%s', (_what, parts, field) => {
    expect(issuesOf(parts)).toEqual([field])
  })
})
