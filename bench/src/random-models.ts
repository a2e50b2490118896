import { encodeOnnx, type OnnxInitializer, type OnnxNode } from '@augur/test-support/onnx'
import { writeModel } from '@augur/test-support/models'
import type { ManifestInput } from '@augur/core/models/manifest'

type ServingInput = ManifestInput['serving']

/** Pseudorandom numbers from 0 to 1 that are the same in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Collects the nodes and weights of a network, layer after layer. */
class Network {
  readonly nodes: OnnxNode[] = []
  readonly initializers: OnnxInitializer[] = []
  private readonly random: () => number

  constructor(seed: number) {
    this.random = randomNumbers(seed)
  }

  add(op: string, inputs: string[], attributes: OnnxNode['attributes'] = {}, output?: string): string {
    const name = output ?? `${op.toLowerCase()}${this.nodes.length}`
    this.nodes.push({ op, inputs, outputs: [name], attributes })
    return name
  }

  /** Weights of a size that keeps the activations from growing with the depth. */
  weights(dims: number[], inputsOfEach: number): string {
    const count = dims.reduce((product, size) => product * size, 1)
    const scale = 2 * Math.sqrt(3 / inputsOfEach)
    const data = Float32Array.from({ length: count }, () => (this.random() - 0.5) * scale)
    const name = `weights${this.initializers.length}`
    this.initializers.push({ name, type: 'float32', dims, data })
    return name
  }

  convolution(input: string, from: number, to: number, kernel: number, stride: number): string {
    const pad = Math.floor(kernel / 2)
    return this.add('Conv', [input, this.weights([to, from, kernel, kernel], from * kernel * kernel)], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    })
  }

  /** Two convolutions and a way past them. */
  block(input: string, from: number, to: number, stride: number): string {
    const first = this.add('Relu', [this.convolution(input, from, to, 3, stride)])
    const second = this.convolution(first, to, to, 3, 1)
    const past = from === to && stride === 1 ? input : this.convolution(input, from, to, 1, stride)
    return this.add('Relu', [this.add('Add', [second, past])])
  }

  dense(input: string, from: number, to: number, output?: string): string {
    return this.add('MatMul', [input, this.weights([from, to], from)], {}, output)
  }
}

export const imageShape = [3, 224, 224] as const
export const imageClasses = 1000

/** A residual network of the size of ResNet-18 (11.7 million weights), from `uint8` images to scores. */
export function residualNetwork(dir: string, name: string, serving: ServingInput) {
  const net = new Network(1)
  const image = net.add('Mul', [net.add('Cast', ['image'], { to: 1 }), net.weights([1], 3 * 255 ** 2)])
  let layer = net.add('Relu', [net.convolution(image, 3, 64, 7, 2)])
  layer = net.add('MaxPool', [layer], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })
  let channels = 64
  for (const [to, stride] of [
    [64, 1],
    [128, 2],
    [256, 2],
    [512, 2],
  ] as const) {
    layer = net.block(net.block(layer, channels, to, stride), to, to, 1)
    channels = to
  }
  const pooled = net.add('Flatten', [net.add('GlobalAveragePool', [layer])])
  net.dense(pooled, channels, imageClasses, 'scores')
  const inputs = [{ name: 'image', type: 'uint8' as const, shape: ['N', ...imageShape] }]
  const outputs = [{ name: 'scores', type: 'float32' as const, shape: ['N', imageClasses] }]
  const onnx = encodeOnnx({ nodes: net.nodes, initializers: net.initializers, inputs, outputs })
  return writeModel(dir, name, '1', {
    onnx,
    manifest: { inputs, outputs, pipeline: { name: 'tensors' }, serving },
  })
}

export const wideInputs = 64

/** A perceptron of 25 million weights: at batch size 1 it does little but read them. */
export function wideNetwork(dir: string, name: string, seed: number, serving: ServingInput) {
  const net = new Network(seed)
  const first = net.add('Relu', [net.dense('x', wideInputs, 4900)])
  const second = net.add('Relu', [net.dense(first, 4900, 4900)])
  net.dense(second, 4900, 128, 'y')
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', wideInputs] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 128] }]
  const onnx = encodeOnnx({ nodes: net.nodes, initializers: net.initializers, inputs, outputs })
  return writeModel(dir, name, '1', {
    onnx,
    manifest: { inputs, outputs, pipeline: { name: 'tensors' }, serving },
  })
}

export const pictureSide = 224
export const pictureClasses = 10

/** A small network behind the image pipeline: what is measured with it is what comes before it. */
export function pictureNetwork(dir: string, name: string) {
  const net = new Network(4)
  const layer = net.add('Relu', [net.convolution('image', 3, 8, 7, 4)])
  const pooled = net.add('Flatten', [net.add('GlobalAveragePool', [layer])])
  net.dense(pooled, 8, pictureClasses, 'scores')
  const inputs = [{ name: 'image', type: 'float32' as const, shape: ['N', 3, pictureSide, pictureSide] }]
  const outputs = [{ name: 'scores', type: 'float32' as const, shape: ['N', pictureClasses] }]
  const onnx = encodeOnnx({ nodes: net.nodes, initializers: net.initializers, inputs, outputs })
  const image = { width: pictureSide, height: pictureSide, channels: 3 as const }
  return writeModel(dir, name, '1', {
    onnx,
    files: {
      'labels.txt': Array.from({ length: pictureClasses }, (_, label) => `class ${label}\n`).join(''),
    },
    manifest: {
      inputs,
      outputs,
      pipeline: { name: 'image-classification', image, labels: 'labels.txt', activation: 'softmax' },
      serving: { instances: 1, threads: 1, batching: { maxSize: 4, maxDelayMs: 5 } },
    },
  })
}
