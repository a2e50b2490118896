import { expect, test } from 'vitest'
import { type ManifestInput, manifestSchema } from './manifest.js'
import { versionId } from './version-id.js'

const [a, b] = ['a'.repeat(64), 'b'.repeat(64)]
const base: ManifestInput = {
  inputs: [{ name: 'x', type: 'float32', shape: ['N', 3] }],
  outputs: [{ name: 'y', type: 'float32', shape: ['N', 3] }],
  pipeline: { name: 'tensors' },
  files: [
    { path: 'model.onnx', sha256: a },
    { path: 'weights.bin', sha256: b },
  ],
}
const idOf = (parts: Partial<ManifestInput>): string => versionId(manifestSchema.parse({ ...base, ...parts }))

test('tuning, describing and verifying a version keep its id', () => {
  expect(idOf({})).toMatch(/^[0-9a-f]{64}$/)
  const same = {
    description: 'other words',
    baseline: 'fp32',
    example: { x: [1, 2, 3] },
    serving: { instances: 4, batching: { maxSize: 32 } },
    verification: { dataset: 'other' },
  }
  expect(idOf(same)).toBe(idOf({}))
})

test('the order of files and of properties does not matter', () => {
  expect(idOf({ files: base.files.toReversed() })).toBe(idOf({}))
  const turned = base.inputs.map(({ name, type, shape }) => ({ shape, type, name }))
  expect(idOf({ inputs: turned })).toBe(idOf({}))
})

test.each<[string, Partial<ManifestInput>]>([
  ['another file', { files: [{ path: 'model.onnx', sha256: b }] }],
  ['another input', { inputs: [{ name: 'x', type: 'float32', shape: ['N', 4] }] }],
  ['another output', { outputs: [{ name: 'z', type: 'float32', shape: ['N', 3] }] }],
  ['another pipeline', { pipeline: { name: 'module', path: 'weights.bin' } }],
])('%s makes another version', (_what, parts) => {
  expect(idOf(parts)).not.toBe(idOf({}))
})
