import type { ElementType } from '@augur/core/models/manifest'
import { bytesToElements, elementsToBytes, type JsonElement } from '@augur/core/tensors/element-bytes'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import type { CaseTensor, OneOperatorCase } from './one-operator-models.js'

/** An output of a run without the product, as its answers have to hold it. */
export interface DirectOutput {
  shape: number[]
  data: unknown[]
  bytes: Buffer
}

/** What ONNX Runtime alone makes of a case, if it can load and run it. */
export async function runDirectly({
  onnx,
  inputs,
  feeds,
}: OneOperatorCase): Promise<Record<string, DirectOutput> | 'not loaded' | 'not run'> {
  const session = await InferenceSession.create(onnx, { logSeverityLevel: 4 }).catch(() => null)
  if (!session) return 'not loaded'
  const given = inputs.map(({ name, type }) => [name, ortTensor(type, feeds[name])])
  const outputs = await session.run(Object.fromEntries(given)).catch(() => null)
  await session.release()
  if (outputs === null) return 'not run'
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, outputOf(tensor)]))
}

function outputOf({ type, dims, data }: OrtTensor): DirectOutput {
  const bytes = bytesOf(data)
  const elements = type === 'float16' ? bytesToElements(type, bytes) : Array.from<unknown>(data)
  return { shape: [...dims], data: elements.map((element) => jsonOf(type, element)), bytes }
}

function bytesOf(data: OrtTensor['data']): Buffer {
  if (Array.isArray(data)) return elementsToBytes('string', data)
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

function jsonOf(type: string, value: unknown): unknown {
  if (type === 'bool') return value === 1
  if (typeof value === 'bigint')
    return value > 2n ** 53n - 1n || value < -(2n ** 53n - 1n) ? String(value) : Number(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return Object.is(value, -0) ? 0 : value
}

/** Written without the code that is tested, but for float16, which has a test of its own. */
function ortTensor(type: ElementType, tensor: CaseTensor | undefined): OrtTensor {
  const { shape, data } = tensor ?? { shape: [], data: [] }
  const elements = ortData(type, data)
  const given = new OrtTensor(type, elements, shape)
  // Newer releases of Node have a Float16Array, which onnxruntime-node makes here and cannot read.
  if (type === 'float16') Object.defineProperty(given, 'cpuData', { value: elements })
  return given
}

function ortData(type: ElementType, data: JsonElement[]): OrtTensor['data'] {
  switch (type) {
    case 'string':
      return data.map(String)
    case 'bool':
      return Uint8Array.from(data, Number)
    case 'float16': {
      const bytes = elementsToBytes('float16', data)
      return Uint16Array.from({ length: data.length }, (_, index) => bytes.readUInt16LE(index * 2))
    }
    case 'int64':
      return BigInt64Array.from(data, BigInt)
    case 'uint64':
      return BigUint64Array.from(data, BigInt)
    default:
      return new arrays[type](data.map(Number))
  }
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
}
