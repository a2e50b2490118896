import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPrivateStack } from '@augur/cli/private-stack'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { Pool } from 'undici'
import { rateOf, type TensorTurn } from './infer.js'
import { quietOutput } from './quiet-output.js'
import { imageClasses, imageShape, residualNetwork, wideInputs, wideNetwork } from './random-models.js'
import type { Findings } from './findings.js'

export interface ComputeOptions {
  /** The repository. */
  root: string
  rounds: number
  /** Images in each turn; the wide network gets ten times as many inputs. */
  predictions: number
}

const imagesTogether = 4
const rowsTogether = 64
const session = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
}
const oneRunner = { instances: 1, threads: 1 }
const numbers = (batch: number) => Float32Array.from({ length: batch * wideInputs }, (_, i) => (i % 7) / 7)
const images = (batch: number) =>
  Uint8Array.from({ length: batch * imageShape.reduce<number>((a, b) => a * b, 1) }, (_, i) => (i * 31) % 256)

/** What the queue costs a model that is busy computing, and what micro-batching gains one that is not. */
export async function measureCompute(options: ComputeOptions): Promise<Findings> {
  const modelsDir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  try {
    const { folder } = await residualNetwork(modelsDir, 'residual', {
      ...oneRunner,
      batching: { maxSize: imagesTogether, maxDelayMs: 50 },
    })
    await wideNetwork(modelsDir, 'wide-singles', 2, { ...oneRunner, batching: { maxSize: 1 } })
    const wide = await wideNetwork(modelsDir, 'wide-batched', 3, {
      ...oneRunner,
      batching: { maxSize: rowsTogether, maxDelayMs: 50 },
    })
    return await measure(options, modelsDir, {
      residual: await InferenceSession.create(join(folder, 'model.onnx'), session),
      wide: await InferenceSession.create(join(wide.folder, 'model.onnx'), session),
    })
  } finally {
    await rm(modelsDir, { recursive: true, force: true })
  }
}

async function measure(
  { root, rounds, predictions }: ComputeOptions,
  modelsDir: string,
  direct: Record<'residual' | 'wide', InferenceSession>,
): Promise<Findings> {
  const settings = { AUGUR_WORKERS: '1', AUGUR_MODELS_DIR: modelsDir, AUGUR_LOG_LEVEL: 'warn' }
  const stack = await startPrivateStack({ root, env: process.env, settings, output: quietOutput })
  const pool = new Pool(stack.apiUrl, { connections: 4 * rowsTogether, pipelining: 1 })
  const rates = {
    singles: [],
    joined: [],
    queued: [],
    wideSingles: [],
    wideBatched: [],
    wideDirect: [],
  } as Rates
  const residual = imageTurn(pool, predictions)
  try {
    for (const turn of [residual, wideTurn(pool, 'wide-singles', 10), wideTurn(pool, 'wide-batched', 640)]) {
      await rateOf({ ...turn, count: Math.min(turn.count, 2 * turn.connections) })
    }
    for (let round = 0; round < rounds; round++) {
      rates.singles.push(await directRate(direct.residual, imageFeeds(1), 1, predictions))
      rates.queued.push(await rateOf(residual))
      rates.joined.push(
        await directRate(direct.residual, imageFeeds(imagesTogether), imagesTogether, predictions),
      )
      rates.wideSingles.push(await rateOf(wideTurn(pool, 'wide-singles', 5 * predictions)))
      rates.wideBatched.push(await rateOf(wideTurn(pool, 'wide-batched', 20 * predictions)))
      rates.wideDirect.push(await bestWideRate(direct.wide, 10 * predictions))
    }
  } finally {
    await pool.close()
    await stack.stop()
    await direct.residual.release()
    await direct.wide.release()
  }
  return findingsOf(rates, rounds)
}

const imageTurn = (pool: Pool, count: number): TensorTurn => ({
  pool,
  model: 'residual',
  input: { name: 'image', datatype: 'UINT8', shape: [1, ...imageShape], bytes: Buffer.from(images(1)) },
  answerBytes: 4 * imageClasses,
  count,
  connections: 4 * imagesTogether,
})

const wideTurn = (pool: Pool, model: string, count: number): TensorTurn => ({
  pool,
  model,
  input: { name: 'x', datatype: 'FP32', shape: [1, wideInputs], bytes: Buffer.from(numbers(1).buffer) },
  answerBytes: 4 * 128,
  count,
  connections: 3 * rowsTogether,
})

type Feeds = Record<string, Tensor>

const imageFeeds = (batch: number): Feeds => ({
  image: new Tensor('uint8', images(batch), [batch, ...imageShape]),
})

/** Items a second of `session.run` and nothing else. */
async function directRate(
  direct: InferenceSession,
  feeds: Feeds,
  batch: number,
  count: number,
): Promise<number> {
  await direct.run(feeds)
  const startedAt = performance.now()
  for (let done = 0; done < count; done += batch) await direct.run(feeds)
  return (Math.ceil(count / batch) * batch) / ((performance.now() - startedAt) / 1000)
}

/** The session's own limit, at its best batch size. */
async function bestWideRate(direct: InferenceSession, count: number): Promise<number> {
  const rates: number[] = []
  for (const batch of [16, 32, rowsTogether]) {
    const feeds = { x: new Tensor('float32', numbers(batch), [batch, wideInputs]) }
    rates.push(await directRate(direct, feeds, batch, count))
  }
  return Math.max(...rates)
}

type Rates = Record<'singles' | 'joined' | 'queued' | 'wideSingles' | 'wideBatched' | 'wideDirect', number[]>

function findingsOf(
  { singles, joined, queued, wideSingles, wideBatched, wideDirect }: Rates,
  rounds: number,
): Findings {
  const residual = { places: 1, values: queued, title: 'residual network, images /s' }
  const wide = { places: 0, values: wideBatched, title: `perceptron, up to ${rowsTogether} together, /s` }
  return {
    title: `one runner with one thread through the queue, ${rounds} rounds; 11.7 and 25 million weights`,
    figures: [
      { ...residual, floor: { name: 'session.run, 1 image', values: singles }, target: { atLeast: 0.97 } },
      {
        ...residual,
        floor: { name: `session.run, ${imagesTogether} images`, values: joined },
        target: { atLeast: 0.97 },
      },
      { ...wide, floor: { name: 'one by one', values: wideSingles }, target: { atLeast: 5 } },
      { ...wide, floor: { name: 'session.run, best', values: wideDirect }, target: { atLeast: 0.6 } },
    ],
    isRight: true,
  }
}
