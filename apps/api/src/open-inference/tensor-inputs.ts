import { flatten } from './flatten.js'
import { invalidInput } from './invalid-input.js'
import type { InferRequest, RequestInput } from './schemas.js'

/** Whether its elements are in arrays of arrays. */
export const isNested = ({ data }: RequestInput): boolean => Array.isArray(data?.[0])

/**
 * The tensors of an infer request as the form `tensors` has them: encoded, by name. Bytes stay bytes. What the model
 * wants of them is for core to check.
 * @throws ServiceError `invalid_input`
 */
export function tensorInputs({ inputs }: InferRequest, binary: Buffer): Record<string, unknown> {
  let offset = 0
  const tensors = new Map<string, unknown>()
  for (const [index, input] of inputs.entries()) {
    const { name, datatype, shape, parameters } = input
    if (tensors.has(name)) throw invalidInput(['inputs', index, 'name'], 'is given twice')
    const size = parameters?.binary_data_size
    const elements =
      size === undefined
        ? { data: elementsOf(input, index) }
        : { base64: bytesOf(input, index, binary.subarray(offset, offset + size)).toString('base64') }
    tensors.set(name, { datatype, shape, ...elements })
    offset += size ?? 0
  }
  if (offset < binary.length) throw invalidInput(['inputs'], 'leave bytes of the body over')
  return Object.fromEntries(tensors)
}

function elementsOf(input: RequestInput, index: number): unknown[] {
  const { data, shape } = input
  if (data === undefined) throw invalidInput(['inputs', index, 'data'], 'is required')
  if (!isNested(input)) return data
  const flat = flatten(data, shape)
  if (Array.isArray(flat)) return flat
  throw invalidInput(['inputs', index, 'data', ...flat.path], flat.message)
}

/** `bytes` are what is left of the body, where that is less than the input says. */
function bytesOf({ data, parameters }: RequestInput, index: number, bytes: Buffer): Buffer {
  if (data !== undefined) {
    throw invalidInput(['inputs', index, 'data'], 'must not be given beside binary_data_size')
  }
  if (bytes.length === parameters?.binary_data_size) return bytes
  const path = ['inputs', index, 'parameters', 'binary_data_size']
  throw invalidInput(path, 'is more than the body holds behind its JSON')
}
