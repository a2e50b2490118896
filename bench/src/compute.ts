import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPrivateStack } from '@augur/cli/private-stack'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { Pool } from 'undici'
import { quietOutput } from './quiet-output.js'
import { imageClasses, imageShape, residualNetwork, wideInputs, wideNetwork } from './random-models.js'
import { type Spread, spread } from './statistics.js'

export interface ComputeOptions {
  /** The repository. */
  root: string
  rounds: number
  /** Images in each turn; the wide network gets ten times as many inputs. */
  predictions: number
}

interface Turn {
  pool: Pool
  model: string
  input: { name: string; datatype: string; shape: number[]; bytes: Buffer }
  /** Bytes that each answer's tensor must have. */
  answerBytes: number
  count: number
  connections: number
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
export async function runCompute(options: ComputeOptions): Promise<number> {
  const modelsDir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  try {
    const { folder } = await residualNetwork(modelsDir, 'residual', {
      ...oneRunner,
      batching: { maxSize: imagesTogether, maxDelayMs: 50 },
    })
    await wideNetwork(modelsDir, 'wide-singles', 2, { ...oneRunner, batching: { maxSize: 1 } })
    await wideNetwork(modelsDir, 'wide-batched', 3, {
      ...oneRunner,
      batching: { maxSize: rowsTogether, maxDelayMs: 50 },
    })
    return await measure(
      options,
      modelsDir,
      await InferenceSession.create(join(folder, 'model.onnx'), session),
    )
  } finally {
    await rm(modelsDir, { recursive: true, force: true })
  }
}

async function measure(
  { root, rounds, predictions }: ComputeOptions,
  modelsDir: string,
  direct: InferenceSession,
): Promise<number> {
  const settings = { AUGUR_WORKERS: '1', AUGUR_MODELS_DIR: modelsDir, AUGUR_LOG_LEVEL: 'warn' }
  const stack = await startPrivateStack({ root, env: process.env, settings, output: quietOutput })
  const pool = new Pool(stack.apiUrl, { connections: 4 * rowsTogether, pipelining: 1 })
  const rates = { singles: [], joined: [], queued: [], wideSingles: [], wideBatched: [] } as Rates
  const residual = imageTurn(pool, predictions)
  try {
    for (const turn of [residual, wideTurn(pool, 'wide-singles', 10), wideTurn(pool, 'wide-batched', 640)]) {
      await rateOf({ ...turn, count: Math.min(turn.count, 2 * turn.connections) })
    }
    for (let round = 0; round < rounds; round++) {
      rates.singles.push(await directRate(direct, 1, predictions))
      rates.queued.push(await rateOf(residual))
      rates.joined.push(await directRate(direct, imagesTogether, predictions))
      rates.wideSingles.push(await rateOf(wideTurn(pool, 'wide-singles', 5 * predictions)))
      rates.wideBatched.push(await rateOf(wideTurn(pool, 'wide-batched', 20 * predictions)))
    }
  } finally {
    await pool.close()
    await stack.stop()
    await direct.release()
  }
  process.stdout.write(`${tableOf(rates, rounds)}\n`)
  return 0
}

const imageTurn = (pool: Pool, count: number): Turn => ({
  pool,
  model: 'residual',
  input: { name: 'image', datatype: 'UINT8', shape: [1, ...imageShape], bytes: Buffer.from(images(1)) },
  answerBytes: 4 * imageClasses,
  count,
  connections: 4 * imagesTogether,
})

const wideTurn = (pool: Pool, model: string, count: number): Turn => ({
  pool,
  model,
  input: { name: 'x', datatype: 'FP32', shape: [1, wideInputs], bytes: Buffer.from(numbers(1).buffer) },
  answerBytes: 4 * 128,
  count,
  connections: 3 * rowsTogether,
})

/** Items a second of `session.run` and nothing else. */
async function directRate(direct: InferenceSession, batch: number, count: number): Promise<number> {
  const feeds = { image: new Tensor('uint8', images(batch), [batch, ...imageShape]) }
  await direct.run(feeds)
  const startedAt = performance.now()
  for (let done = 0; done < count; done += batch) await direct.run(feeds)
  return (Math.ceil(count / batch) * batch) / ((performance.now() - startedAt) / 1000)
}

/** Items a second over HTTP, through the queue and back. */
async function rateOf(turn: Turn): Promise<number> {
  let next = 0
  const startedAt = performance.now()
  const client = async () => {
    while (next++ < turn.count) await infer(turn)
  }
  await Promise.all(Array.from({ length: turn.connections }, client))
  return turn.count / ((performance.now() - startedAt) / 1000)
}

/** One request of the binary tensor extension. */
async function infer({ pool, model, input, answerBytes }: Turn): Promise<void> {
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

type Rates = Record<'singles' | 'joined' | 'queued' | 'wideSingles' | 'wideBatched', number[]>

const perSecond = ({ median }: Spread) => `${median.toFixed(1)} /s`.padStart(12)
const ofRounds = (a: readonly number[], b: readonly number[]) =>
  spread(a.map((rate, i) => rate / (b[i] ?? Number.NaN)))
const ratio = ({ median, min, max }: Spread) =>
  `${median.toFixed(2)}  (${min.toFixed(2)} to ${max.toFixed(2)})`

function tableOf({ singles, joined, queued, wideSingles, wideBatched }: Rates, rounds: number): string {
  return [
    `one runner with one thread, medians of ${rounds} rounds`,
    '',
    'residual network, 11.7 million weights, images of 224 × 224 as bytes',
    `  session.run, 1 image      ${perSecond(spread(singles))}`,
    `  session.run, ${imagesTogether} images     ${perSecond(spread(joined))}`,
    `  through the queue         ${perSecond(spread(queued))}`,
    `  of session.run, 1 image   ${ratio(ofRounds(queued, singles))}`,
    `  of session.run, ${imagesTogether} images  ${ratio(ofRounds(queued, joined))}`,
    '',
    'perceptron, 25 million weights, through the queue',
    `  one by one                ${perSecond(spread(wideSingles))}`,
    `  up to ${rowsTogether} together         ${perSecond(spread(wideBatched))}`,
    `  gain                      ${ratio(ofRounds(wideBatched, wideSingles))}`,
  ].join('\n')
}
