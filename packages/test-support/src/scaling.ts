import type { ManifestInput } from '@augur/core/models/manifest'
import type { LocalVersion } from '@augur/core/models/version'
import { writeModel } from './models.js'
import { encodeOnnx } from './onnx.js'

export interface ScalingOptions {
  /** What y is x times. Each factor makes other files, and so another version. */
  factor: number
  name?: string
  label?: string
  serving?: ManifestInput['serving']
}

/** y = factor · x on three float32, by the `tensors` pipeline: an answer tells which version gave it. */
export function scalingModel(
  dir: string,
  { factor, name = 'scaling', label = '1', serving = { batching: { maxSize: 8 } } }: ScalingOptions,
): Promise<LocalVersion> {
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', 3] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 3] }]
  const onnx = encodeOnnx({
    nodes: [{ op: 'Mul', inputs: ['x', 'k'], outputs: ['y'] }],
    inputs,
    outputs,
    initializers: [{ name: 'k', type: 'float32', dims: [1], data: Float32Array.of(factor) }],
  })
  const description = `Multiplies by ${factor}`
  const manifest = { description, inputs, outputs, pipeline: { name: 'tensors' as const }, serving }
  return writeModel(dir, name, label, { onnx, manifest })
}
