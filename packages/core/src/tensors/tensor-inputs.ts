import { z } from 'zod'
import type { Manifest, TensorSpec } from '../models/manifest.js'
import { findNestedFault, nestedSizes, rowShape, tensorJsonSchema } from '../models/tensor-value.js'
import { encodedTensorJsonSchema, findEncodedFault, mostElements } from './encoded-tensor.js'
import type { Fault } from './fault.js'

type JsonSchema = Record<string, unknown>
type Inputs = Pick<Manifest, 'inputs'>

/** How one kind of value is checked, described and measured. */
interface ValueKind {
  findFault: (value: unknown, spec: TensorSpec) => Fault | undefined
  schema: (spec: TensorSpec) => JsonSchema
  /** The tensor's dimensions, batch axis included, for a value without a fault. */
  sizes: (value: unknown, spec: TensorSpec) => readonly number[]
}

/** A sender of a million unknown properties is not answered with a million issues. */
const mostUnknownReported = 20

const encoded: ValueKind = {
  findFault: findEncodedFault,
  schema: encodedTensorJsonSchema,
  sizes: (value) => Object(value).shape,
}

const nestedOrEncoded: ValueKind = {
  findFault: (value, spec) =>
    isEncoded(value) ? findEncodedFault(value, spec) : findNestedFault(value, spec),
  schema: (spec) => ({ anyOf: [tensorJsonSchema(spec), encodedTensorJsonSchema(spec)] }),
  sizes: (value, spec) => (isEncoded(value) ? encoded.sizes(value, spec) : sizesOfNested(value, spec)),
}

/** Checks an input of the form `tensors`: an encoded tensor for each of the model's inputs, by its name. */
export function tensorsInputSchema(manifest: Inputs, maxElements = mostElements): z.ZodType {
  return inputsSchema(manifest, encoded, maxElements)
}

/** Checks an input of the pipeline `tensors`: for each of the model's inputs nested arrays or an encoded tensor. */
export function tensorsPipelineSchema(manifest: Inputs, maxElements = mostElements): z.ZodType {
  return inputsSchema(manifest, nestedOrEncoded, maxElements)
}

/** JSON Schema of the outputs of the pipeline `tensors`. */
export function tensorsOutputJsonSchema({ outputs }: Pick<Manifest, 'outputs'>): JsonSchema {
  return objectSchema(outputs, nestedOrEncoded)
}

/** Whether a value is to be read as an encoded tensor, and not as nested arrays. */
export function isEncoded(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads own properties only: a library that copies the object would lose, or follow, a `__proto__`. */
function inputsSchema({ inputs }: Inputs, kind: ValueKind, maxElements: number): z.ZodType {
  const check = (value: unknown, context: z.RefinementCtx): void => {
    for (const { path, message } of findFaults(value, inputs, kind, maxElements))
      context.addIssue({ code: 'custom', path, message })
  }
  return z.unknown().superRefine(check).meta(objectSchema(inputs, kind))
}

function objectSchema(specs: readonly TensorSpec[], kind: ValueKind): JsonSchema {
  const properties = Object.fromEntries(specs.map((spec) => [spec.name, kind.schema(spec)]))
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}

function findFaults(
  value: unknown,
  specs: readonly TensorSpec[],
  kind: ValueKind,
  maxElements: number,
): Fault[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [{ path: [], message: 'must be an object' }]
  const given = new Map<string, unknown>(Object.entries(value))
  const names = new Set(specs.map(({ name }) => name))
  const unknown = [...given.keys()].filter((key) => !names.has(key)).slice(0, mostUnknownReported)
  const faults = [
    ...specs.flatMap((spec) => {
      const tensor = given.get(spec.name)
      const fault = kind.findFault(tensor, spec) ?? findExcess(kind.sizes(tensor, spec), maxElements)
      return fault ? [{ path: [spec.name, ...fault.path], message: fault.message }] : []
    }),
    ...unknown.map((key) => ({ path: [key], message: 'is not a property of this input' })),
  ]
  return faults.length > 0 ? faults : findDisagreement(given, specs, kind)
}

function findExcess(sizes: readonly number[], maxElements: number): Fault | undefined {
  const elements = sizes.reduce((product, size) => product * size, 1)
  return elements > maxElements
    ? { path: [], message: `must stand for at most ${maxElements} elements` }
    : undefined
}

/** An open dimension has one size wherever its name stands. */
function findDisagreement(
  given: ReadonlyMap<string, unknown>,
  specs: readonly TensorSpec[],
  kind: ValueKind,
): Fault[] {
  const known = new Map<string, { size: number; name: string }>()
  for (const spec of specs) {
    const value = given.get(spec.name)
    const sizes = kind.sizes(value, spec)
    for (const [axis, dimension] of (spec.shape ?? []).entries()) {
      if (typeof dimension === 'number') continue
      const { size, name } = known.get(dimension) ?? { size: sizes[axis] ?? 0, name: spec.name }
      const message = `must have ${dimension} = ${size} in dimension ${axis}, as ${name} has`
      if ((sizes[axis] ?? 0) !== size)
        return [{ path: isEncoded(value) ? [spec.name, 'shape', axis] : [spec.name], message }]
      known.set(dimension, { size, name })
    }
  }
  return []
}

/** Nested arrays hold one row. An open dimension below an empty one has no length of its own. */
function sizesOfNested(value: unknown, spec: TensorSpec): number[] {
  const hasBatchAxis = rowShape(spec) !== spec.shape
  const sizes = hasBatchAxis ? [1, ...nestedSizes(value)] : nestedSizes(value)
  return (spec.shape ?? sizes).map((declared, axis) =>
    typeof declared === 'number' ? declared : (sizes[axis] ?? 0),
  )
}
