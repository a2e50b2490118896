import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPrivateStack } from '@augur/cli/private-stack'
import { sleepingModel } from '@augur/test-support/models'
import { Pool } from 'undici'
import { quietOutput } from './quiet-output.js'
import { median } from '@augur/core/statistics/quantiles'

export interface PoolOptions {
  /** The repository. */
  root: string
  rounds: number
  /** In each turn. */
  predictions: number
}

const sleepMs = 20
const workerCounts = [1, 2] as const
const json = { 'content-type': 'application/json' }

/** How the rate grows with the workers, for a model that costs time and no processor: what is left is the queue. */
export async function runPool(options: PoolOptions): Promise<number> {
  const modelsDir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  try {
    await sleepingModel(modelsDir, { serving: { batching: { maxSize: 1 } } })
    const rates = new Map(workerCounts.map((workers): [number, number[]] => [workers, []]))
    for (let round = 0; round < options.rounds; round++) {
      for (const workers of workerCounts) {
        rates.get(workers)?.push(await measureRate(options, modelsDir, workers))
      }
    }
    print(rates, options)
    return 0
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

function print(rates: ReadonlyMap<number, readonly number[]>, { predictions, rounds }: PoolOptions): void {
  const [one = [], two = []] = workerCounts.map((workers) => rates.get(workers) ?? [])
  const ratios = two.map((rate, i) => rate / (one[i] ?? Number.NaN))
  const lines = [
    `${predictions} predictions that sleep ${sleepMs} ms each, medians of ${rounds} rounds`,
    '',
    `  1 worker    ${median(one).toFixed(1)} /s`,
    `  2 workers   ${median(two).toFixed(1)} /s`,
    `  ratio       ${median(ratios).toFixed(2)}  (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
