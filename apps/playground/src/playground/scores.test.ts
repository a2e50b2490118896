import { expect, test } from 'vitest'
import { picturesOf, scoresOf } from './scores.js'

test('probabilities become scores, the best first', () => {
  expect(scoresOf({ label: 'b', probabilities: { a: 0.2, b: 0.8 }, top: [] })).toEqual([
    { label: 'b', share: 0.8 },
    { label: 'a', share: 0.2 },
  ])
  expect(scoresOf({ top: [{ label: 'a', probability: 1 }] })).toEqual([{ label: 'a', share: 1 }])
})

test('an output that only looks like a classification is none', () => {
  for (const output of [null, 'text', [1], { value: 3 }, { probabilities: { a: 'much' } }, { top: [1] }]) {
    expect(scoresOf(output)).toBeNull()
  }
})

test('pictures are found wherever they are, and nothing that could run is one', () => {
  const png = 'data:image/png;base64,AAAA'
  const file = 'http://127.0.0.1:8000/api/v1/files/abc/download?ticket=x'
  expect(picturesOf({ images: [png, { url: file }], svg: 'data:image/svg+xml;base64,AAAA' })).toEqual([
    png,
    file,
  ])
  expect(picturesOf('https://elsewhere.example/cat.png')).toEqual([])
})
