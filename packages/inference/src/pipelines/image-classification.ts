import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImageClassificationSpec, Manifest } from '@augur/core/models/manifest'
import { softmax } from '../postprocess/softmax.js'
import { topK } from '../postprocess/top-k.js'
import { averageArea } from '../preprocess/average-area.js'
import { allowOnlyWebImages, decodeImage } from '../preprocess/decode-image.js'
import { type ImageToTensor, imageToTensor } from '../preprocess/image-to-tensor.js'
import { matchInk } from '../preprocess/polarity.js'
import type { Tensors } from '../tensor.js'
import { InvalidInputError, type Pipeline } from './pipeline.js'

interface ImageInput {
  image?: unknown
  pixels?: unknown
  topK?: unknown
}

export interface Classification {
  label: string
  probabilities: Record<string, number>
  top: { label: string; probability: number }[]
}

/** Opens the pipeline of a version: reads its labels and checks that they and the input's shape fit. */
export async function openImageClassification(
  folder: string,
  manifest: Manifest,
  spec: ImageClassificationSpec,
): Promise<Pipeline> {
  const labels = parseLabels(await readFile(join(folder, spec.labels), 'utf8'))
  const input = manifest.inputs[0]
  const toTensor = input && imageToTensor(input, spec)
  if (!toTensor)
    throw new Error('the shape of the input does not fit width, height and channels of the image')
  const scores = manifest.outputs.find(({ shape }) => shape.length === 2 && shape[1] === labels.length)
  if (!scores) throw new Error(`no output has one score for each of the ${labels.length} labels`)
  allowOnlyWebImages()
  return new ImageClassification(spec, { input: input.name, scores: scores.name, toTensor, labels })
}

interface Fitted {
  /** Names of tensors. */
  input: string
  scores: string
  toTensor: ImageToTensor
  labels: string[]
}

class ImageClassification implements Pipeline {
  constructor(
    private readonly spec: ImageClassificationSpec,
    private readonly fitted: Fitted,
  ) {}

  async preprocess(input: unknown): Promise<Tensors> {
    const { image, pixels } = asImageInput(input)
    const values = pixels === undefined ? await this.readImage(image) : this.readPixels(pixels)
    return { [this.fitted.input]: this.fitted.toTensor(values) }
  }

  postprocess(outputs: Tensors, input: unknown): Classification {
    const { labels } = this.fitted
    const scores = outputs[this.fitted.scores]?.data
    if (!(scores instanceof Float32Array)) throw new TypeError('the scores are not float32')
    const probabilities = this.spec.activation === 'softmax' ? softmax(scores) : scores
    const byLabel: Record<string, number> = {}
    for (const [index, label] of labels.entries()) byLabel[label] = probabilities[index] ?? 0
    const { topK: wanted } = asImageInput(input)
    const best = topK(probabilities, typeof wanted === 'number' ? wanted : this.spec.topK)
    const top = best.map((index) => ({ label: labels[index] ?? '', probability: probabilities[index] ?? 0 }))
    return { label: top[0]?.label ?? '', probabilities: byLabel, top }
  }

  private async readImage(image: unknown): Promise<Float32Array> {
    if (typeof image !== 'string') throw new InvalidInputError('give either image or pixels')
    const { width, channels, ink, polarity } = this.spec.image
    const values = averageArea(await decodeImage(image, this.spec.image), this.spec.image)
    return ink && polarity === 'auto' ? matchInk(values, width, channels, ink) : values
  }

  private readPixels(pixels: unknown): Float32Array {
    const { width, height, channels } = this.spec.image
    const length = width * height * channels
    const maximum = this.spec.pixels?.maximum
    if (maximum === undefined) throw new InvalidInputError('this model takes no pixels')
    if (!Array.isArray(pixels) || pixels.length !== length) {
      throw new InvalidInputError(`pixels must hold exactly ${length} numbers`)
    }
    const values = new Float32Array(length)
    for (let index = 0; index < length; index++) {
      const value: unknown = pixels[index]
      if (typeof value !== 'number') throw new InvalidInputError('pixels must hold nothing but numbers')
      values[index] = value / maximum
    }
    return values
  }
}

function asImageInput(input: unknown): ImageInput {
  if (typeof input !== 'object' || input === null) throw new InvalidInputError('input must be an object')
  return input
}

/** One label a line. */
function parseLabels(text: string): string[] {
  const labels = text.split(/\r?\n/).map((line) => line.trim())
  if (labels.at(-1) === '') labels.pop()
  if (labels.includes('')) throw new Error('a line of the labels file is empty')
  if (new Set(labels).size !== labels.length) throw new Error('the labels file holds a label twice')
  return labels
}
