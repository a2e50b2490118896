import type { TensorSpec } from '@augur/core/models/manifest'
import type { InferenceSession } from 'onnxruntime-node'

type ModelTensor = InferenceSession.ValueMetadata

/** Says where a manifest's tensors contradict the model file, or undefined. The manifest may fix what the model leaves open. */
export function compareWithModel(
  kind: 'input' | 'output',
  specs: readonly TensorSpec[],
  tensors: readonly ModelTensor[],
): string | undefined {
  const undeclared = tensors.find(({ name }) => !specs.some((spec) => spec.name === name))
  // Outputs that nobody declared are simply not fetched.
  if (kind === 'input' && undeclared) return `the model's input ${undeclared.name} is not declared`
  for (const spec of specs) {
    const tensor = tensors.find(({ name }) => name === spec.name)
    const problem = tensor
      ? compareTensor(spec, tensor)
      : `is not in the model, which has ${listNames(tensors)}`
    if (problem) return `${kind} ${spec.name} ${problem}`
  }
  return undefined
}

function compareTensor(spec: TensorSpec, tensor: ModelTensor): string | undefined {
  if (!tensor.isTensor) return 'is not a tensor in the model'
  if (tensor.type !== spec.type) return `is ${tensor.type} in the model, ${spec.type} in the manifest`
  // The binding gives no dimensions both for a scalar and for an unknown rank.
  const isKnown = tensor.shape.length > 0
  if (isKnown && !fits(spec.shape, tensor.shape)) {
    return `has shape ${JSON.stringify(tensor.shape)} in the model, ${JSON.stringify(spec.shape)} in the manifest`
  }
  return undefined
}

function fits(declared: TensorSpec['shape'], shape: ReadonlyArray<number | string>): boolean {
  if (declared.length !== shape.length) return false
  return shape.every((size, axis) => typeof size === 'string' || size === declared[axis])
}

function listNames(tensors: readonly ModelTensor[]): string {
  return tensors.map(({ name }) => name).join(', ')
}
