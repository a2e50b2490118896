import type { CatalogueVersion } from '@augur/core/models/catalogue'
import type { TensorSpec } from '@augur/core/models/manifest'
import type { JsonText } from '@augur/core/predictions/prediction'
import { datatypeOf } from '@augur/core/tensors/datatype'
import { bytesToElements, elementsToBytes } from '@augur/core/tensors/element-bytes'
import type { EncodedTensor } from '@augur/core/tensors/encoded-tensor'
import { invalidInput } from './invalid-input.js'
import type { InferRequest, InferResponse } from './schemas.js'

/** An output that is to be answered, and whether as bytes behind the JSON. */
export interface WantedOutput {
  spec: TensorSpec
  isBinary: boolean
}

/**
 * The outputs that a request asks for, all of the version's when it names none.
 * @throws ServiceError `invalid_input`
 */
export function wantedOutputs(
  { outputs = [], parameters }: InferRequest,
  version: CatalogueVersion,
): WantedOutput[] {
  const byDefault = parameters?.binary_data_output ?? false
  const specs = version.manifest.outputs
  if (outputs.length === 0) return specs.map((spec) => ({ spec, isBinary: byDefault }))
  const names = outputs.map(({ name }) => name)
  return outputs.map(({ name, parameters: own }, index) => {
    const spec = specs.find((each) => each.name === name)
    if (spec === undefined) throw invalidInput(['outputs', index, 'name'], 'is not an output of this model')
    if (names.indexOf(name) !== index) throw invalidInput(['outputs', index, 'name'], 'is asked for twice')
    return { spec, isBinary: own?.binary_data ?? byDefault }
  })
}

type ResponseOutput = InferResponse['outputs'][number]

/** The outputs as the protocol writes them, and the bytes of those that are binary, in the same order. */
export interface EncodedOutputs {
  outputs: ResponseOutput[]
  binary: Uint8Array[]
}

/** `output` is what the run of the form `tensors` gave. An optional output that the model left out is left out. */
export function encodeOutputs(output: JsonText, wanted: readonly WantedOutput[]): EncodedOutputs {
  const tensors = parseOutput(output)
  const encoded: EncodedOutputs = { outputs: [], binary: [] }
  for (const { spec, isBinary } of wanted) {
    const tensor = tensors.get(spec.name)
    if (tensor === undefined) continue
    const head = { name: spec.name, datatype: datatypeOf(spec.type), shape: tensor.shape }
    if (isBinary) {
      const bytes = bytesOf(tensor, spec)
      encoded.binary.push(bytes)
      encoded.outputs.push({ ...head, parameters: { binary_data_size: bytes.byteLength } })
    } else encoded.outputs.push({ ...head, data: elementsOf(tensor, spec) })
  }
  return encoded
}

// It holds what a runner wrote for the form `tensors`.
const parseOutput = (output: JsonText) => new Map<string, EncodedTensor>(Object.entries(JSON.parse(output)))

function bytesOf(tensor: EncodedTensor, { type }: TensorSpec): Uint8Array {
  return 'base64' in tensor ? Buffer.from(tensor.base64, 'base64') : elementsToBytes(type, tensor.data)
}

function elementsOf(tensor: EncodedTensor, { type }: TensorSpec): unknown[] {
  return 'base64' in tensor ? bytesToElements(type, Buffer.from(tensor.base64, 'base64')) : tensor.data
}
