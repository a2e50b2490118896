import type { Manifest, TensorSpec } from './manifest.js'
import { describeValue, elementTypeOf, isUntyped, type OnnxModel, type OnnxValue } from './onnx/onnx-model.js'
import { type Fault, type RepositoryProblemCode, shorten } from './repository-problem.js'

type Tensors = Pick<Manifest, 'inputs' | 'outputs'>

const maxListed = 20

/**
 * Where a manifest's tensors contradict the graph of `model.onnx`. The manifest may fix what the file leaves open, and
 * leave outputs out that nobody wants.
 */
export function compareWithFile({ inputs, outputs }: Tensors, model: OnnxModel): Fault[] {
  const required = byName(model.inputs.filter(({ name }) => !model.initializers.has(name)))
  const declared = new Set(inputs.map(({ name }) => name))
  const undeclared = [...required.keys()].filter((name) => !declared.has(name))
  const given = byName(model.outputs)
  return [
    ...inputs.flatMap((spec, index) => compareTensor(spec, `inputs.${index}`, required, model)),
    ...undeclared.map((name) => fault('inputs', `do not declare the model's input ${shorten(name)}`)),
    ...outputs.flatMap((spec, index) => compareTensor(spec, `outputs.${index}`, given, model)),
  ]
}

function byName(values: readonly OnnxValue[]): Map<string, OnnxValue> {
  return new Map(values.map((value) => [value.name, value]))
}

function compareTensor(
  spec: TensorSpec,
  field: string,
  values: ReadonlyMap<string, OnnxValue>,
  model: OnnxModel,
): Fault[] {
  const value = values.get(spec.name)
  if (!value) return [fault(`${field}.name`, explainAbsence(spec.name, values, model))]
  const mismatch = compareType(spec, value, field)
  return mismatch ? [mismatch] : compareShape(spec, value, field)
}

function explainAbsence(name: string, values: ReadonlyMap<string, OnnxValue>, model: OnnxModel): string {
  if (model.initializers.has(name)) return 'has a value in the model already: leave it out'
  const names = [...values.keys()].slice(0, maxListed).map((each) => shorten(each))
  return `is not in the model, which has ${names.join(', ') || 'none'}`
}

function compareType(spec: TensorSpec, value: OnnxValue, field: string): Fault | undefined {
  if (isUntyped(value)) return undefined
  const type = elementTypeOf(value)
  if (type === spec.type) return undefined
  const reason = `is ${describeValue(value)} in the model`
  if (type) return fault(`${field}.type`, reason)
  return fault(
    `${field}.type`,
    `${reason}, which cannot be passed to or from JavaScript`,
    'unsupported_model',
  )
}

function compareShape({ shape }: TensorSpec, value: OnnxValue, field: string): Fault[] {
  const actual = value.shape
  if (!actual) return []
  if (shape?.length !== actual.length)
    return [fault(`${field}.shape`, `must have ${actual.length} dimensions, as in the model`)]
  return actual.flatMap((size, axis) =>
    typeof size === 'number' && size !== shape[axis]
      ? [fault(`${field}.shape.${axis}`, `is ${size} in the model`)]
      : [],
  )
}

function fault(field: string, reason: string, code: RepositoryProblemCode = 'invalid_manifest'): Fault {
  return { code, file: 'manifest.json', field, reason }
}
