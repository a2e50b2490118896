import type { Pool } from 'undici'

/** Predictions that are waited for, as fast as so many clients make them. */
export interface WaitingLoad {
  pool: Pool
  /** Of the default owner. */
  model: string
  input: unknown
  count: number
  connections: number
}

/** Predictions a second. */
export async function predictAll({ pool, model, input, count, connections }: WaitingLoad): Promise<number> {
  const body = JSON.stringify({ input })
  let next = 0
  const startedAt = performance.now()
  const client = async () => {
    while (next++ < count) await predict(pool, model, body)
  }
  await Promise.all(Array.from({ length: connections }, client))
  return count / ((performance.now() - startedAt) / 1000)
}

async function predict(pool: Pool, model: string, input: string): Promise<void> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: `/api/v1/models/augur/${model}/predictions`,
    headers: { 'content-type': 'application/json', prefer: 'wait=50' },
    body: input,
  })
  const text = await body.text()
  if (statusCode !== 201 || !text.includes('"status":"succeeded"'))
    throw new Error(`${model} answered ${statusCode}: ${text.slice(0, 500)}`)
}
