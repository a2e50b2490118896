import { Pool } from 'undici'
import { addingModel } from './adding-model.js'
import { readProcesses, residentBytesOf } from './cpu.js'
import type { Figure, Findings } from './findings.js'
import { cpuMsEach, measureCost } from './measure-cost.js'
import { predictAll } from './predict.js'
import { withModels } from './with-models.js'

export interface ModelsOptions {
  /** The repository. */
  root: string
  rounds: number
  predictions: number
  connections: number
}

interface Level {
  models: number
  startSeconds: number
  /** Of the worker and its runners, once all are loaded. */
  workerBytes: number
  rates: number[]
  cpuMs: number[]
}

const counts = [1, 10, 50]

/** What a prediction costs while many small models are loaded beside its own, and what those take. */
export async function measureModels(options: ModelsOptions): Promise<Findings> {
  const levels: Level[] = []
  for (const models of counts) levels.push(await levelOf(options, models))
  return findingsOf(levels, options)
}

async function levelOf(
  { root, rounds, predictions, connections }: ModelsOptions,
  models: number,
): Promise<Level> {
  const write = async (modelsDir: string) => {
    for (let n = 1; n <= models; n++) await addingModel(modelsDir, n)
  }
  const startedAt = performance.now()
  return withModels({ root, write }, async (system, redis) => {
    const startSeconds = (performance.now() - startedAt) / 1000
    const pool = new Pool(system.origin, { connections })
    const load = { pool, model: 'add-1', input: { x: [1, 2, 3] }, connections }
    const level: Level = { models, startSeconds, workerBytes: 0, rates: [], cpuMs: [] }
    try {
      await predictAll({ ...load, count: 2 * connections })
      for (let round = 0; round < rounds; round++) {
        const { result, cost } = await measureCost(system, redis, () =>
          predictAll({ ...load, count: predictions }),
        )
        level.rates.push(result)
        level.cpuMs.push(cpuMsEach(cost, predictions))
      }
      const worker = system.processes().find(({ name }) => name === 'worker')?.pid ?? 0
      return { ...level, workerBytes: residentBytesOf(worker, readProcesses()) }
    } finally {
      await pool.close()
    }
  })
}

function findingsOf(levels: readonly Level[], { predictions, connections }: ModelsOptions): Findings {
  const [first] = levels
  const beside = (title: string, places: number, of: (level: Level) => number[]) =>
    levels.map((level): Figure => {
      const floor = level === first || !first ? {} : { floor: { name: 'with 1', values: of(first) } }
      return { title: `${title} with ${level.models} loaded`, places, values: of(level), ...floor }
    })
  const title = `${predictions} waiting predictions over ${connections} connections, small models loaded beside`
  const figures = [
    ...beside('CPU ms each', 3, ({ cpuMs }) => cpuMs),
    ...beside('predictions /s', 0, ({ rates }) => rates),
    ...beside('worker and runners, MB', 0, ({ workerBytes }) => [workerBytes / 1e6]),
    ...beside('from start to ready, s', 1, ({ startSeconds }) => [startSeconds]),
  ]
  return { title, figures, isRight: true }
}
