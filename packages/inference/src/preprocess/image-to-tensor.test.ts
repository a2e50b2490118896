import { expect, test } from 'vitest'
import { imageToTensor } from './image-to-tensor.js'

const spec = {
  name: 'image-classification' as const,
  image: { width: 2, height: 1, channels: 3 as const, polarity: 'fixed' as const },
  normalise: { mean: [0, 0, 0.5], std: [1, 0.5, 1] },
  activation: 'softmax' as const,
  labels: 'labels.txt',
  topK: 5,
}
const input = (shape: (number | string)[]) => ({ name: 'image', type: 'float32' as const, shape })
/** Two pixels of red, green, blue. */
const image = new Float32Array([0, 0.25, 0.5, 1, 0.5, 1])

test.each([
  [
    ['N', 3, 1, 2],
    [1, 3, 1, 2],
    [0, 1, 0.5, 1, 0, 0.5],
  ],
  [
    ['N', 3, 'H', 'W'],
    [1, 3, 1, 2],
    [0, 1, 0.5, 1, 0, 0.5],
  ],
  [
    ['N', 1, 2, 3],
    [1, 1, 2, 3],
    [0, 0.5, 0, 1, 1, 0.5],
  ],
  [
    ['N', 6],
    [1, 6],
    [0, 0.5, 0, 1, 1, 0.5],
  ],
  [
    [1, 6],
    [1, 6],
    [0, 0.5, 0, 1, 1, 0.5],
  ],
])('an input of shape %j is filled in its own layout, each channel normalised', (shape, dims, data) => {
  const convert = imageToTensor(input(shape), spec)
  expect(convert?.(image)).toEqual({ type: 'float32', dims, data: new Float32Array(data) })
})

test('one channel needs no dimension of its own', () => {
  const grey = { ...spec, image: { ...spec.image, channels: 1 as const }, normalise: { mean: [0], std: [1] } }
  expect(imageToTensor(input(['N', 1, 2]), grey)?.(new Float32Array([0.25, 1]))).toEqual({
    type: 'float32',
    dims: [1, 1, 2],
    data: new Float32Array([0.25, 1]),
  })
})

test.each([[['N', 3, 2, 2]], [['N', 5]], [[2, 3, 1, 2]], [['N', 2, 1]], [[]]])(
  'shape %j is refused',
  (shape) => {
    expect(imageToTensor(input(shape), spec)).toBeUndefined()
  },
)
