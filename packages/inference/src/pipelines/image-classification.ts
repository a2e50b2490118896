import type { Manifest } from '@augur/core/models/manifest'
import type { ImageClassificationSpec } from '@augur/core/models/pipelines/image-classification'
import { type Classification, type Classify, openClassifier } from '../postprocess/classify.js'
import { averageArea } from '../preprocess/average-area.js'
import { allowOnlyWebImages, decodeImage } from '../preprocess/decode-image.js'
import { type ImageToTensor, imageToTensor } from '../preprocess/image-to-tensor.js'
import { matchInk } from '../preprocess/polarity.js'
import type { Tensors } from '../tensor.js'
import { asFields, InvalidInputError, type Pipeline } from './pipeline.js'

/** Opens the pipeline of a version: reads its labels and checks that they and the input's shape fit. */
export async function openImageClassification(
  folder: string,
  manifest: Manifest,
  spec: ImageClassificationSpec,
  maxPixels?: number,
): Promise<Pipeline> {
  const classify = await openClassifier(folder, manifest, spec)
  const input = manifest.inputs[0]
  const toTensor = input && imageToTensor(input, spec)
  if (!toTensor)
    throw new Error('the shape of the input does not fit width, height and channels of the image')
  allowOnlyWebImages()
  return new ImageClassification(spec, { input: input.name, toTensor, classify, maxPixels })
}

interface Fitted {
  /** Name of the tensor. */
  input: string
  toTensor: ImageToTensor
  classify: Classify
  maxPixels: number | undefined
}

class ImageClassification implements Pipeline {
  constructor(
    private readonly spec: ImageClassificationSpec,
    private readonly fitted: Fitted,
  ) {}

  async preprocess(input: unknown): Promise<Tensors> {
    const { image, pixels } = asFields(input)
    const values = pixels === undefined ? await this.readImage(image) : this.readPixels(pixels)
    return { [this.fitted.input]: this.fitted.toTensor(values) }
  }

  postprocess(outputs: Tensors, input: unknown): Classification {
    return this.fitted.classify(outputs, asFields(input).topK)
  }

  private async readImage(image: unknown): Promise<Float32Array> {
    if (typeof image !== 'string') throw new InvalidInputError('give either image or pixels')
    const { width, channels, ink, polarity } = this.spec.image
    const values = averageArea(
      await decodeImage(image, this.spec.image, this.fitted.maxPixels),
      this.spec.image,
    )
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
