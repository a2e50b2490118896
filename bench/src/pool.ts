import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPrivateStack } from '@augur/cli/private-stack'
import { sleepingModel } from '@augur/test-support/models'
import { Pool } from 'undici'
import { quietOutput } from './quiet-output.js'
import type { Figure, Findings } from './findings.js'

export interface PoolOptions {
  /** The repository. */
  root: string
  rounds: number
  /** In each turn. */
  predictions: number
}

const sleepMs = 20
const workerCounts = [1, 2, 4] as const
const json = { 'content-type': 'application/json' }

/** How the rate grows with the workers, for a model that costs time and no processor: what is left is the queue. */
export async function measurePool(options: PoolOptions): Promise<Findings> {
  const modelsDir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  try {
    await sleepingModel(modelsDir, { serving: { batching: { maxSize: 1 } } })
    const rates = new Map(workerCounts.map((workers): [number, number[]] => [workers, []]))
    for (let round = 0; round < options.rounds; round++) {
      for (const workers of workerCounts) {
        rates.get(workers)?.push(await measureRate(options, modelsDir, workers))
      }
    }
    return findingsOf(rates, options)
  } finally {
    await rm(modelsDir, { recursive: true, force: true })
  }
}

async function measureRate(
  { root, predictions }: PoolOptions,
  modelsDir: string,
  workers: number,
): Promise<number> {
  const settings = { AUGUR_WORKERS: String(workers), AUGUR_MODELS_DIR: modelsDir, AUGUR_LOG_LEVEL: 'warn' }
  const stack = await startPrivateStack({ root, env: process.env, settings, output: quietOutput })
  const pool = new Pool(stack.apiUrl, { connections: 32, pipelining: 1 })
  try {
    await untilWorkersServe(pool, workers)
    const startedAt = performance.now()
    await Promise.all(Array.from({ length: predictions }, () => predict(pool)))
    return predictions / ((performance.now() - startedAt) / 1000)
  } finally {
    await pool.close()
    await stack.stop()
  }
}

async function untilWorkersServe(pool: Pool, workers: number): Promise<void> {
  for (;;) {
    const { body } = await pool.request({ method: 'GET', path: '/api/v1/health' })
    const { models } = (await body.json()) as { models: { workers: number }[] }
    if (models.every((model) => model.workers === workers)) return
  }
}

async function predict(pool: Pool): Promise<void> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/api/v1/models/augur/sleeping/predictions',
    headers: { ...json, prefer: 'wait=50' },
    body: JSON.stringify({ input: { value: [1, 2, 3], sleepMs } }),
  })
  const { status } = (await body.json()) as { status: string }
  if (statusCode !== 201 || status !== 'succeeded') throw new Error(`answered ${statusCode}, ${status}`)
}

function findingsOf(
  rates: ReadonlyMap<number, readonly number[]>,
  { predictions, rounds }: PoolOptions,
): Findings {
  const alone = rates.get(1) ?? []
  const figures = Array.from(rates, ([workers, values]): Figure => {
    const floor = workers === 1 ? {} : { floor: { name: 'with one', values: alone } }
    return {
      title: `${workers} worker${workers === 1 ? '' : 's'}, predictions /s`,
      places: 1,
      values,
      ...floor,
    }
  })
  const title = `${predictions} predictions that sleep ${sleepMs} ms each, ${rounds} rounds`
  return { title, figures, isRight: true }
}
