import type { Datatype } from '@augur/core/tensors/datatype'
import type { JsonElement } from '@augur/core/tensors/element-bytes'
import type { TestStack } from '@augur/test-support/test-stack'
import { bodyOf } from './predictions.js'

/** A tensor of an infer request or answer, with its elements as JSON. */
export interface WireTensor {
  name: string
  datatype: Datatype
  shape: number[]
  data: JsonElement[]
}

/** One whose elements are bytes behind the JSON. */
export type BinaryTensor = Omit<WireTensor, 'data'> & { bytes: Buffer }

export interface InferAnswer {
  id?: string
  model_name: string
  model_version: string
  outputs: WireTensor[]
}

export interface WireProblem {
  status: number
  code: string
  error: string
  errors: { pointer: string }[]
}

/** Sends an infer request of JSON; `model` may go on with a version. */
export function postInfer(stack: TestStack, model: string, body: object): Promise<Response> {
  return fetch(`${stack.url}/v2/models/${model}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

/** The answer to an infer request of JSON. @throws Error when it was refused or failed */
export async function infer(stack: TestStack, model: string, inputs: WireTensor[]): Promise<InferAnswer> {
  const response = await postInfer(stack, model, { inputs })
  if (response.status !== 200) throw new Error(`${model}: ${response.status} ${await response.text()}`)
  return bodyOf(response)
}

/** Sends tensors as bytes, asks for bytes, and gives back the outputs. */
export async function inferBinary(
  stack: TestStack,
  model: string,
  tensors: BinaryTensor[],
): Promise<BinaryTensor[]> {
  const inputs = tensors.map(({ bytes, ...tensor }) => ({
    ...tensor,
    parameters: { binary_data_size: bytes.length },
  }))
  const head = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: true } }))
  const response = await fetch(`${stack.url}/v2/models/${model}/infer`, {
    method: 'POST',
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(head.length),
    },
    body: Buffer.concat([head, ...tensors.map(({ bytes }) => bytes)]),
  })
  if (response.status !== 200) throw new Error(`${model}: ${response.status} ${await response.text()}`)
  return splitOutputs(
    Buffer.from(await response.arrayBuffer()),
    Number(response.headers.get('inference-header-content-length')),
  )
}

type BinaryHead = Omit<WireTensor, 'data'> & { parameters: { binary_data_size: number } }

function splitOutputs(body: Buffer, headLength: number): BinaryTensor[] {
  const { outputs }: { outputs: BinaryHead[] } = JSON.parse(body.subarray(0, headLength).toString())
  let offset = headLength
  return outputs.map(({ parameters, ...output }) => {
    const bytes = body.subarray(offset, offset + parameters.binary_data_size)
    offset += bytes.length
    return { ...output, bytes }
  })
}
