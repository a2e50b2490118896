import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import sharp from 'sharp'
import { Pool } from 'undici'
import type { Findings } from './findings.js'
import { cpuMsEach, measureCost } from './measure-cost.js'
import { predictAll } from './predict.js'
import { pictureNetwork, pictureClasses, pictureSide } from './random-models.js'
import { withModels } from './with-models.js'

export interface ImagesOptions {
  /** The repository. */
  root: string
  rounds: number
  /** Images in each turn. */
  predictions: number
  connections: number
}

interface Round {
  rate: number
  loop: number
  cpuMs: number
  loopCpuMs: number
}

const photo = { width: 640, height: 480 }
const channels = 3

/** JPEGs through the image pipeline, beside a loop that decodes them by sharp and runs the same model. */
export async function measureImages(options: ImagesOptions): Promise<Findings> {
  const { root, predictions } = options
  const jpeg = await photograph()
  let folder = ''
  const write = async (modelsDir: string) => {
    ;({ folder } = await pictureNetwork(modelsDir, 'pictures'))
  }
  return withModels({ root, write }, async (system, redis) => {
    const session = await InferenceSession.create(join(folder, 'model.onnx'), { intraOpNumThreads: 1 })
    const { connections } = options
    const pool = new Pool(system.origin, { connections })
    const image = `data:image/jpeg;base64,${jpeg.toString('base64')}`
    const load = { pool, model: 'pictures', input: { image }, connections }
    const rounds: Round[] = []
    try {
      await predictAll({ ...load, count: 2 * connections })
      await loop(session, jpeg, 10)
      for (let round = 0; round < options.rounds; round++) {
        const ours = await measureCost(system, redis, () => predictAll({ ...load, count: predictions }))
        const direct = await loop(session, jpeg, predictions)
        rounds.push({ rate: ours.result, cpuMs: cpuMsEach(ours.cost, predictions), ...direct })
      }
    } finally {
      await pool.close()
      await session.release()
    }
    return findingsOf(rounds, options, jpeg.length)
  })
}

/** A picture with edges and grain, so that it is as large and as dear to decode as one of a camera. */
async function photograph(): Promise<Buffer> {
  const { width, height } = photo
  const pixels = Buffer.alloc(width * height * channels)
  for (let at = 0; at < pixels.length; at++) {
    const [x, y] = [Math.floor(at / channels) % width, Math.floor(at / channels / width)]
    pixels[at] = (((x >> 5) ^ (y >> 5)) * 16 + (Math.imul(at, 2_654_435_761) >>> 26)) % 256
  }
  return sharp(pixels, { raw: { width, height, channels } }).jpeg().toBuffer()
}

/** What one writes by hand: decode and resize, scale, run, answer as JSON; one after the other. */
async function loop(
  session: InferenceSession,
  jpeg: Buffer,
  count: number,
): Promise<{ loop: number; loopCpuMs: number }> {
  const startedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  let characters = 0
  for (let done = 0; done < count; done++) characters += (await answerOf(session, jpeg)).length
  if (characters === 0) throw new Error('the loop answered nothing')
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    loop: count / ((performance.now() - startedAt) / 1000),
    loopCpuMs: (user + system) / 1000 / count,
  }
}

async function answerOf(session: InferenceSession, jpeg: Buffer): Promise<string> {
  const side = pictureSide
  const bytes = await sharp(jpeg).resize(side, side, { fit: 'fill' }).removeAlpha().raw().toBuffer()
  const values = new Float32Array(bytes.length)
  for (let pixel = 0; pixel < side * side; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      values[channel * side * side + pixel] = (bytes[pixel * channels + channel] ?? 0) / 255
    }
  }
  const { scores } = await session.run({ image: new Tensor(values, [1, channels, side, side]) })
  return JSON.stringify(Array.from((await scores?.getData()) as Float32Array).slice(0, pictureClasses))
}

function findingsOf(
  rounds: readonly Round[],
  { predictions, connections }: ImagesOptions,
  bytes: number,
): Findings {
  const of = (pick: (round: Round) => number) => rounds.map(pick)
  const name = 'sharp and session in a loop'
  const size = `${photo.width} × ${photo.height}, ${(bytes / 1000).toFixed(0)} kB`
  return {
    title: `${predictions} JPEGs of ${size} over ${connections} connections, ${rounds.length} rounds`,
    figures: [
      {
        title: 'images /s',
        places: 1,
        values: of(({ rate }) => rate),
        floor: { name, values: of((r) => r.loop) },
      },
      {
        title: 'CPU ms of an image',
        places: 2,
        values: of(({ cpuMs }) => cpuMs),
        floor: { name, values: of(({ loopCpuMs }) => loopCpuMs) },
      },
    ],
    isRight: true,
  }
}
