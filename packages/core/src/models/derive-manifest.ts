import { type Manifest, manifestSchema, type TensorSpec } from './manifest.js'
import { describeValue, elementTypeOf, isUntyped, type OnnxModel, type OnnxValue } from './onnx/onnx-model.js'
import { type Fault, shorten } from './repository-problem.js'

/**
 * The manifest of a folder that has none, from what `model.onnx` says: its tensors, served as they are. Inputs with a
 * default value are left out, and so are outputs that are no tensors.
 */
export function deriveManifest(
  model: OnnxModel,
  files: { path: string; sha256: string }[],
): Manifest | Fault[] {
  const inputs = model.inputs.filter(({ name }) => !model.initializers.has(name))
  const outputs = model.outputs.filter(({ kind }) => kind === 'tensor' || kind === 'untyped')
  const faults = [
    ...inputs.flatMap((value) => refuse('input', value)),
    ...outputs.flatMap((value) => refuse('output', value)),
  ]
  if (outputs.length === 0) faults.push(unsupported('has no output that is a tensor'))
  if (faults.length > 0) return faults
  const parsed = manifestSchema.safeParse({
    inputs: inputs.map(specOf),
    outputs: outputs.map(specOf),
    pipeline: { name: 'tensors' },
    files: files.map(({ path, sha256 }) => ({ path, sha256 })),
  })
  if (parsed.success) return parsed.data
  return parsed.error.issues.map(({ path, message }) =>
    unsupported(`cannot be served without a manifest.json: ${path.join('.')} ${message}`),
  )
}

function refuse(kind: string, value: OnnxValue): Fault[] {
  if (elementTypeOf(value)) return []
  if (isUntyped(value))
    return [
      unsupported(`does not say of what type the ${kind} ${shorten(value.name)} is: a manifest.json can`),
    ]
  const what = `has the ${kind} ${shorten(value.name)}, which is ${describeValue(value)}`
  return [unsupported(`${what}: it cannot be passed to or from JavaScript`)]
}

function unsupported(reason: string): Fault {
  return { code: 'unsupported_model', file: 'model.onnx', reason }
}

/** Every open dimension gets a name, and a different one where the file gives none. */
function specOf(value: OnnxValue): Omit<TensorSpec, 'type'> & { type: TensorSpec['type'] | undefined } {
  const shape = value.shape?.map((size, axis) => size ?? `${value.name}_dim${axis}`) ?? null
  return { name: value.name, type: elementTypeOf(value), shape }
}
