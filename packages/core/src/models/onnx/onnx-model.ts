import type { ElementType } from '../manifest.js'

/** A fixed size, a name, or null for an open dimension without a name. */
export type OnnxDimension = number | string | null

/** An input or output of a graph. */
export interface OnnxValue {
  name: string
  kind: 'tensor' | 'sequence' | 'map' | 'optional' | 'sparse tensor' | 'opaque' | 'untyped'
  /** `TensorProto.DataType`; 0 where there is none. */
  elementCode: number
  /** null: of any rank. */
  shape: OnnxDimension[] | null
}

/** What an ONNX file says about itself, without its weights. */
export interface OnnxModel {
  irVersion: number
  /** Imported operator sets: domain → version. */
  opsets: Map<string, number>
  /** Of the main graph, those with a default value (see `initializers`) included. */
  inputs: OnnxValue[]
  outputs: OnnxValue[]
  /** Names that the main graph has values for. */
  initializers: Set<string>
  /** Where weights lie outside the file: location as written → how many bytes that file must hold. */
  externalData: Map<string, number>
  /** Domains of the operators that any graph or function uses. */
  domains: Set<string>
  /** Domains in which the file itself defines functions. */
  functionDomains: Set<string>
}

// By `TensorProto.DataType`; what no element type of ours answers to has its name here for messages only.
const elementNames = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
]

const elementTypesByCode = new Map<number, ElementType>([
  [1, 'float32'],
  [2, 'uint8'],
  [3, 'int8'],
  [4, 'uint16'],
  [5, 'int16'],
  [6, 'int32'],
  [7, 'int64'],
  [8, 'string'],
  [9, 'bool'],
  [10, 'float16'],
  [11, 'float64'],
  [12, 'uint32'],
  [13, 'uint64'],
])

/** The element type of a tensor that JavaScript can take and give; undefined for every other value. */
export function elementTypeOf(value: OnnxValue): ElementType | undefined {
  return value.kind === 'tensor' ? elementTypesByCode.get(value.elementCode) : undefined
}

/** Whether the file leaves the type open, so that nothing can be compared with it. */
export function isUntyped({ kind, elementCode }: OnnxValue): boolean {
  return kind === 'untyped' || (kind === 'tensor' && elementCode === 0)
}

/** What a value is, in words: `float32`, `bfloat16`, `a sequence`. */
export function describeValue(value: OnnxValue): string {
  const { kind, elementCode } = value
  if (isUntyped(value)) return 'without a type'
  if (kind === 'tensor') return elementNames[elementCode] ?? `of the unknown element type ${elementCode}`
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`
}
