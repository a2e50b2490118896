import { writeModel } from '@augur/test-support/models'
import { encodeOnnx } from '@augur/test-support/onnx'

/** A small model, `add-<number>`, that adds its number to three others: no two are the same version. */
export function addingModel(modelsDir: string, number: number) {
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', 3] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 3] }]
  const addend = { name: 'addend', type: 'float32' as const, dims: [1], data: Float32Array.of(number) }
  const nodes = [{ op: 'Add', inputs: ['x', 'addend'], outputs: ['y'] }]
  return writeModel(modelsDir, `add-${number}`, '1', {
    onnx: encodeOnnx({ nodes, initializers: [addend], inputs, outputs }),
    manifest: { inputs, outputs, pipeline: { name: 'tensors' }, example: { x: [1, 2, 3] } },
  })
}
