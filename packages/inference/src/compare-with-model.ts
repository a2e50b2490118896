import type { Manifest, TensorSpec } from '@augur/core/models/manifest'
import type { InferenceSession } from 'onnxruntime-node'

type ModelTensor = InferenceSession.ValueMetadata

/**
 * Says where a manifest's tensors contradict the model file, or undefined. The manifest may fix what the model leaves
 * open. Shapes of outputs are compared only where `outputShapes` says that somebody counts on them: ONNX Runtime as
 * well takes what a file says of them for a hint.
 */
export function compareWithModel(
  { inputs, outputs }: Pick<Manifest, 'inputs' | 'outputs'>,
  model: { inputMetadata: readonly ModelTensor[]; outputMetadata: readonly ModelTensor[] },
  { outputShapes }: { outputShapes: boolean },
): string | undefined {
  const undeclared = model.inputMetadata.find(({ name }) => !inputs.some((spec) => spec.name === name))
  // Outputs that nobody declared are simply not fetched.
  if (undeclared) return `the model's input ${undeclared.name} is not declared`
  return (
    compareAll('input', inputs, model.inputMetadata, isInputShape) ??
    compareAll('output', outputs, model.outputMetadata, outputShapes ? isOutputShape : () => true)
  )
}

type Shape = TensorSpec['shape']
type ModelShape = ModelTensor & { isTensor: true }
type CompareShapes = (declared: Shape, shape: ModelShape['shape']) => boolean

function compareAll(
  kind: 'input' | 'output',
  specs: readonly TensorSpec[],
  tensors: readonly ModelTensor[],
  fits: CompareShapes,
): string | undefined {
  for (const spec of specs) {
    const tensor = tensors.find(({ name }) => name === spec.name)
    const problem = tensor
      ? compareTensor(spec, tensor, fits)
      : `is not in the model, which has ${listNames(tensors)}`
    if (problem) return `${kind} ${spec.name} ${problem}`
  }
  return undefined
}

function compareTensor(spec: TensorSpec, tensor: ModelTensor, fits: CompareShapes): string | undefined {
  if (!tensor.isTensor) return 'is not a tensor in the model'
  if (tensor.type !== spec.type) return `is ${tensor.type} in the model, ${spec.type} in the manifest`
  // The binding gives no dimensions both for a scalar and for an unknown rank.
  const isKnown = tensor.shape.length > 0
  if (isKnown && !fits(spec.shape, tensor.shape)) {
    return `has shape ${JSON.stringify(tensor.shape)} in the model, ${JSON.stringify(spec.shape)} in the manifest`
  }
  return undefined
}

function isInputShape(declared: Shape, shape: ModelShape['shape']): boolean {
  if (declared?.length !== shape.length) return false
  return shape.every((size, axis) => typeof size === 'string' || size === declared[axis])
}

/** What the manifest leaves open, the model may fix. */
function isOutputShape(declared: Shape, shape: ModelShape['shape']): boolean {
  if (!declared) return true
  if (declared.length !== shape.length) return false
  return shape.every(
    (size, axis) => size === declared[axis] || typeof size === 'string' || typeof declared[axis] === 'string',
  )
}

function listNames(tensors: readonly ModelTensor[]): string {
  return tensors.map(({ name }) => name).join(', ')
}
