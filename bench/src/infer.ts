import type { Pool } from 'undici'

/** A request of the binary tensor extension, as often as it is wanted. */
export interface TensorTurn {
  pool: Pool
  model: string
  input: { name: string; datatype: string; shape: number[]; bytes: Buffer }
  /** Bytes that each answer's tensor must have. */
  answerBytes: number
  count: number
  connections: number
}

/** Items a second over HTTP, through the queue and back. */
export async function rateOf(turn: TensorTurn): Promise<number> {
  let next = 0
  const startedAt = performance.now()
  const client = async () => {
    while (next++ < turn.count) await infer(turn)
  }
  await Promise.all(Array.from({ length: turn.connections }, client))
  return turn.count / ((performance.now() - startedAt) / 1000)
}

async function infer({ pool, model, input, answerBytes }: TensorTurn): Promise<void> {
  const { bytes, ...tensor } = input
  const head = Buffer.from(
    JSON.stringify({
      inputs: [{ ...tensor, parameters: { binary_data_size: bytes.length } }],
      parameters: { binary_data_output: true },
    }),
  )
  const { statusCode, headers, body } = await pool.request({
    method: 'POST',
    path: `/v2/models/${model}/infer`,
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(head.length),
    },
    body: Buffer.concat([head, bytes]),
  })
  const answer = Buffer.from(await body.arrayBuffer())
  const tensorBytes = answer.length - Number(headers['inference-header-content-length'])
  if (statusCode !== 200 || tensorBytes !== answerBytes) {
    throw new Error(`${model} answered ${statusCode} with ${answer.subarray(0, 500).toString()}`)
  }
}
