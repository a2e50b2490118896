import type { ElementType, TensorSpec } from '@augur/core/models/manifest'

/** A graph to be written as an ONNX file, or as the body of a node such as Loop. A shape of null is left out. */
export interface OnnxGraph {
  nodes: OnnxNode[]
  inputs: TensorSpec[]
  outputs: TensorSpec[]
  initializers?: OnnxInitializer[]
}

export interface OnnxNode {
  op: string
  inputs: string[]
  outputs: string[]
  attributes?: Record<string, OnnxAttribute>
}

/** Numbers become INT or INTS, a string STRING; what is wrapped says its type itself. */
export type OnnxAttribute =
  | number
  | number[]
  | string
  | { float: number }
  | { floats: number[] }
  | { strings: string[] }
  | { tensor: OnnxInitializer }
  | { graph: OnnxGraph }

export interface OnnxInitializer {
  name: string
  type: ElementType
  dims: number[]
  /** Elements in row-major order: strings, or numbers as typed array, of float16 their bits. */
  data: ArrayBufferView | string[]
}

const irVersion = 8
const opset = 17

const elementCodes: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
}
const attributeCodes = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 }

/** The number by which ONNX files, and the operator Cast, know an element type. */
export function elementCode(type: ElementType): number {
  return elementCodes[type]
}

/** The bytes of a `model.onnx`. Field numbers are those of onnx.proto. */
export function encodeOnnx(graph: OnnxGraph): Buffer {
  const opsetImport = Buffer.concat([text(1, ''), integer(2, opset)])
  return Buffer.concat([integer(1, irVersion), message(7, encodeGraph(graph)), message(8, opsetImport)])
}

function encodeGraph({ nodes, inputs, outputs, initializers = [] }: OnnxGraph): Buffer {
  return Buffer.concat([
    ...nodes.map((node) => message(1, encodeNode(node))),
    text(2, 'graph'),
    ...initializers.map((initializer) => message(5, encodeInitializer(initializer))),
    ...inputs.map((spec) => message(11, encodeValueInfo(spec))),
    ...outputs.map((spec) => message(12, encodeValueInfo(spec))),
  ])
}

function encodeNode({ op, inputs, outputs, attributes = {} }: OnnxNode): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => message(5, encodeAttribute(name, value))),
  ])
}

function encodeAttribute(name: string, value: OnnxAttribute): Buffer {
  if (typeof value === 'number') return attribute(name, 'int', integer(3, value))
  if (typeof value === 'string') return attribute(name, 'string', text(4, value))
  if (Array.isArray(value))
    return attribute(
      name,
      'ints',
      concat(value, (each) => integer(8, each)),
    )
  if ('float' in value) return attribute(name, 'float', float(2, value.float))
  if ('floats' in value)
    return attribute(
      name,
      'floats',
      concat(value.floats, (each) => float(7, each)),
    )
  if ('strings' in value)
    return attribute(
      name,
      'strings',
      concat(value.strings, (each) => text(9, each)),
    )
  if ('tensor' in value) return attribute(name, 'tensor', message(5, encodeInitializer(value.tensor)))
  return attribute(name, 'graph', message(6, encodeGraph(value.graph)))
}

function concat<T>(values: readonly T[], encode: (value: T) => Buffer): Buffer {
  return Buffer.concat(values.map(encode))
}

function attribute(name: string, type: keyof typeof attributeCodes, value: Buffer): Buffer {
  return Buffer.concat([text(1, name), value, integer(20, attributeCodes[type])])
}

function encodeInitializer({ name, type, dims, data }: OnnxInitializer): Buffer {
  return Buffer.concat([
    ...dims.map((size) => integer(1, size)),
    integer(2, elementCodes[type]),
    text(8, name),
    Array.isArray(data)
      ? concat(data, (each) => text(6, each))
      : message(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  ])
}

function encodeValueInfo({ name, type, shape }: TensorSpec): Buffer {
  const dims =
    shape && concat(shape, (size) => message(1, typeof size === 'number' ? integer(1, size) : text(2, size)))
  const tensorType = [integer(1, elementCodes[type]), ...(dims ? [message(2, dims)] : [])]
  return Buffer.concat([text(1, name), message(2, message(1, Buffer.concat(tensorType)))])
}

function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(BigInt(field << 3)), varint(BigInt.asUintN(64, BigInt(value)))])
}

function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return Buffer.concat([varint(BigInt((field << 3) | 5)), bytes])
}

function text(field: number, value: string): Buffer {
  return message(field, Buffer.from(value))
}

function message(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(BigInt((field << 3) | 2)), varint(BigInt(bytes.length)), bytes])
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}
