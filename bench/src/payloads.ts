import { encodeOnnx } from '@augur/test-support/onnx'
import { writeModel } from '@augur/test-support/models'
import { Pool } from 'undici'
import type { Figure, Findings } from './findings.js'
import { rateOf, type TensorTurn } from './infer.js'
import { cpuMsEach, measureCost } from './measure-cost.js'
import { withModels } from './with-models.js'

export interface PayloadsOptions {
  /** The repository. */
  root: string
  rounds: number
  /** Of the smallest payload in each turn; a tenth of it of the largest. */
  predictions: number
}

interface Level {
  bytes: number
  rates: number[]
  cpuMs: number[]
}

const sizes = [1_000, 10_000, 100_000, 1_000_000]
const connections = 16

/** What a prediction costs whose input and output have 1 kB to 1 MB each, as a tensor in bytes. */
export async function measurePayloads(options: PayloadsOptions): Promise<Findings> {
  const levels = sizes.map((bytes): Level => ({ bytes, rates: [], cpuMs: [] }))
  await withModels({ root: options.root, write: identity }, async (system, redis) => {
    const pool = new Pool(system.origin, { connections })
    try {
      for (const { bytes } of levels) await rateOf(turnOf(pool, bytes, 2 * connections))
      for (let round = 0; round < options.rounds; round++) {
        for (const level of levels) {
          const turn = turnOf(pool, level.bytes, countOf(options, level.bytes))
          const { result, cost } = await measureCost(system, redis, () => rateOf(turn))
          level.rates.push(result)
          level.cpuMs.push(cpuMsEach(cost, turn.count))
        }
      }
    } finally {
      await pool.close()
    }
  })
  return findingsOf(levels, options)
}

function identity(modelsDir: string) {
  const inputs = [{ name: 'x', type: 'uint8' as const, shape: ['N', 'bytes'] }]
  const outputs = [{ name: 'y', type: 'uint8' as const, shape: ['N', 'bytes'] }]
  const onnx = encodeOnnx({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs, outputs })
  const manifest = { inputs, outputs, pipeline: { name: 'tensors' as const }, example: { x: [1, 2, 3] } }
  return writeModel(modelsDir, 'identity', '1', { onnx, manifest })
}

const countOf = ({ predictions }: PayloadsOptions, bytes: number) =>
  Math.max(connections, Math.round(predictions / Math.max(1, bytes / 100_000)))

const turnOf = (pool: Pool, bytes: number, count: number): TensorTurn => ({
  pool,
  model: 'identity',
  input: { name: 'x', datatype: 'UINT8', shape: [1, bytes], bytes: Buffer.alloc(bytes, 7) },
  answerBytes: bytes,
  count,
  connections,
})

function findingsOf(levels: readonly Level[], { predictions, rounds }: PayloadsOptions): Findings {
  const [first] = levels
  const beside = (title: string, places: number, of: (level: Level) => number[]) =>
    levels.map((level): Figure => {
      const floor = level === first || !first ? {} : { floor: { name: 'with 1 kB', values: of(first) } }
      return { title: `${title} with ${level.bytes / 1000} kB`, places, values: of(level), ...floor }
    })
  const title = `${predictions} tensors in and out as bytes over ${connections} connections, ${rounds} rounds`
  const figures = [
    ...beside('CPU ms each', 2, ({ cpuMs }) => cpuMs),
    ...beside('predictions /s', 0, ({ rates }) => rates),
  ]
  return { title, figures, isRight: true }
}
