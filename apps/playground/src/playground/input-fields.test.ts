import { expect, test } from 'vitest'
import { arrange, exampleOf, fieldsOf, squareOf, withValue } from './input-fields.js'

const digits = {
  type: 'object',
  properties: {
    image: { type: 'string', contentMediaType: 'image/*' },
    pixels: { type: 'array', items: { type: 'number' }, minItems: 64, maxItems: 64 },
    topK: { type: 'integer', minimum: 1, maximum: 10, default: 3 },
  },
  examples: [{ topK: 1 }],
}

const kindsOf = (properties: NonNullable<Parameters<typeof fieldsOf>[0]['properties']>) =>
  fieldsOf({ properties }).map(({ kind }) => kind)

test('each property is asked for by what its schema says', () => {
  expect(kindsOf(digits.properties)).toEqual(['image', 'json', 'number'])
  expect(
    kindsOf({
      text: { type: 'string' },
      size: { enum: ['s', 'm'] },
      isNew: { type: 'boolean' },
      age: { anyOf: [{ type: 'number' }, { type: 'null' }] },
      colour: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
      anything: {},
    }),
  ).toEqual(['text', 'choice', 'boolean', 'number', 'text', 'json'])
})

test('what is required, and a picture, comes first; without either everything does', () => {
  const { main, more } = arrange(fieldsOf(digits))
  expect(main.map(({ name }) => name)).toEqual(['image'])
  expect(more.map(({ name }) => name)).toEqual(['pixels', 'topK'])
  const optional = arrange(fieldsOf({ properties: { a: {}, b: {} } }))
  expect(optional.main).toHaveLength(2)
  expect(optional.more).toEqual([])
})

test('a list of as many numbers as a square has is shown as one', () => {
  expect(squareOf(digits.properties.pixels)).toBe(8)
  expect(squareOf({ type: 'array', minItems: 3, maxItems: 3 })).toBeNull()
  expect(squareOf({ type: 'array', minItems: 1, maxItems: 64 })).toBeNull()
})

test('an example that is no object is none', () => {
  expect(exampleOf(digits)).toEqual({ topK: 1 })
  expect(exampleOf({ examples: [[1]] })).toBeNull()
  expect(exampleOf({})).toBeNull()
})

test('a value that is taken away leaves no property behind', () => {
  expect(withValue({ a: 1, b: 2 }, 'a', undefined)).toEqual({ b: 2 })
  expect(withValue({ a: 1 }, 'b', 0)).toEqual({ a: 1, b: 0 })
})
