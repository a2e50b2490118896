import type { ElementType, TensorSpec } from '@augur/core/models/manifest'

/** A graph to be written as an ONNX file. Tensors are float32 unless they say otherwise. */
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
  /** Whole numbers become INT(S), strings STRING; wrap a number as `{ float }` for FLOAT. */
  attributes?: Record<string, number | number[] | string | { float: number }>
}

export interface OnnxInitializer {
  name: string
  type: ElementType
  dims: number[]
  data: ArrayBufferView
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
const attributeCodes = { float: 1, int: 2, string: 3, ints: 7 }

/** The bytes of a `model.onnx`. Field numbers are those of onnx.proto. */
export function encodeOnnx({ nodes, inputs, outputs, initializers = [] }: OnnxGraph): Buffer {
  const graph = Buffer.concat([
    ...nodes.map((node) => message(1, encodeNode(node))),
    text(2, 'graph'),
    ...initializers.map((initializer) => message(5, encodeInitializer(initializer))),
    ...inputs.map((spec) => message(11, encodeValueInfo(spec))),
    ...outputs.map((spec) => message(12, encodeValueInfo(spec))),
  ])
  const opsetImport = Buffer.concat([text(1, ''), integer(2, opset)])
  return Buffer.concat([integer(1, irVersion), message(7, graph), message(8, opsetImport)])
}

function encodeNode({ op, inputs, outputs, attributes = {} }: OnnxNode): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => message(5, encodeAttribute(name, value))),
  ])
}

function encodeAttribute(name: string, value: NonNullable<OnnxNode['attributes']>[string]): Buffer {
  if (typeof value === 'number') return attribute(name, 'int', integer(3, value))
  if (typeof value === 'string') return attribute(name, 'string', text(4, value))
  if (Array.isArray(value))
    return attribute(name, 'ints', Buffer.concat(value.map((each) => integer(8, each))))
  return attribute(name, 'float', float(2, value.float))
}

function attribute(name: string, type: keyof typeof attributeCodes, value: Buffer): Buffer {
  return Buffer.concat([text(1, name), value, integer(20, attributeCodes[type])])
}

function encodeInitializer({ name, type, dims, data }: OnnxInitializer): Buffer {
  return Buffer.concat([
    ...dims.map((size) => integer(1, size)),
    integer(2, elementCodes[type]),
    text(8, name),
    message(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  ])
}

function encodeValueInfo({ name, type, shape }: TensorSpec): Buffer {
  const dims = shape.map((size) => message(1, typeof size === 'number' ? integer(1, size) : text(2, size)))
  const tensorType = Buffer.concat([integer(1, elementCodes[type]), message(2, Buffer.concat(dims))])
  return Buffer.concat([text(1, name), message(2, message(1, tensorType))])
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
