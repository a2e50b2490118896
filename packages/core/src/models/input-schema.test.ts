import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ServiceError } from '../errors.js'
import { inputJsonSchema, inputSchema, isIterator, outputJsonSchema } from './input-schema.js'
import { InputSchemas } from './input-schemas.js'
import {
  elementTypes,
  type ElementType,
  type Manifest,
  type ManifestInput,
  manifestSchema,
} from './manifest.js'

const sha256 = '0'.repeat(64)
const files = ['model.onnx', 'labels.txt', 'own.mjs'].map((path) => ({ path, sha256 }))

function manifestOf(parts: Omit<ManifestInput, 'files'>): Manifest {
  return manifestSchema.parse({ ...parts, files })
}

const tensor = (type: ElementType, ...shape: (number | string)[]) => ({ name: 'x', type, shape })
const tensors = (type: ElementType, ...shape: (number | string)[]): Manifest =>
  manifestOf({
    inputs: [tensor(type, ...shape)],
    outputs: [tensor(type, ...shape)],
    pipeline: { name: 'tensors' },
  })

function images(pixels?: { maximum: number }): Manifest {
  const image = { width: 2, height: 2, channels: 1 as const }
  return manifestOf({
    inputs: [tensor('float32', 'N', 1, 2, 2)],
    outputs: [tensor('float32', 'N', 3)],
    pipeline: { name: 'image-classification', image, labels: 'labels.txt', ...(pixels && { pixels }) },
  })
}

/** `path: message` of every issue. */
function issuesOf(manifest: Manifest, input: unknown): string[] {
  const { error } = inputSchema(manifest).safeParse(input)
  return error?.issues.map(({ path, message }) => `${path.join('/')}: ${message}`) ?? []
}

describe('image-classification', () => {
  const manifest = images({ maximum: 16 })

  test('takes an image or pixels, and leaves them as they are', () => {
    const inputs = [{ image: '/9j/' }, { pixels: [0, 16, 0.5, 1] }, { pixels: [0, 0, 0, 0], topK: 3 }]
    expect(inputs.map((input) => inputSchema(manifest).parse(input))).toEqual(inputs)
  })

  test.each([
    [{}, 'image: give either image or pixels'],
    [{ image: '/9j/', pixels: [0, 0, 0, 0] }, 'image: give either image or pixels, not both'],
    [{ image: 7 }, 'image: must be a string'],
    [{ image: '' }, 'image: must not be empty'],
    [{ image: 'aGk=' }, 'image: must be a PNG, JPEG or WebP, as a data URI or base64'],
    [{ image: 'data:image/jpeg;base64,aGk=' }, 'image: must be a PNG, JPEG or WebP, as a data URI or base64'],
    [{ image: 'data:image/svg+xml,/9j/' }, 'image: must be encoded as base64'],
    [{ pixels: [0, 0, 0] }, 'pixels: must hold exactly 4 elements'],
    [{ pixels: 'x' }, 'pixels: must be an array'],
    [{ pixels: [0, 16.5, 99, 0] }, 'pixels/1: must be a number from 0 to 16'],
    [{ pixels: [0, 0, 0, Number.NaN] }, 'pixels/3: must be a number from 0 to 16'],
    [{ pixels: [0, 0, 0, 'NaN'] }, 'pixels/3: must be a number from 0 to 16'],
    [{ image: '/9j/', topK: 4 }, 'topK: must be 3 or less'],
    [{ image: '/9j/', topK: 0 }, 'topK: must be 1 or more'],
    [{ image: '/9j/', topK: 1.5 }, 'topK: must be an integer'],
    [{ image: '/9j/', width: 8 }, 'width: is not a property of this input'],
    [[], ': must be an object'],
    [null, ': must be an object'],
    ['text', ': must be an object'],
  ])('refuses %j', (input, issue) => {
    expect(issuesOf(manifest, input)).toEqual([issue])
  })

  test('knows no pixels unless the manifest declares them', () => {
    expect(issuesOf(images(), {})).toEqual(['image: is required'])
    expect(issuesOf(images(), { image: '/9j/', pixels: [0, 0, 0, 0] })).toContain(
      'pixels: is not a property of this input',
    )
  })

  test('describes itself as an object with properties', () => {
    expect(inputJsonSchema(manifest)).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: {
        image: { type: 'string' },
        pixels: {
          type: 'array',
          minItems: 4,
          maxItems: 4,
          items: { type: 'number', minimum: 0, maximum: 16 },
        },
        topK: { type: 'integer', minimum: 1, maximum: 3, default: 3 },
      },
    })
    expect(inputJsonSchema(images()).properties).not.toHaveProperty('pixels')
    expect(outputJsonSchema(manifest)).toMatchObject({
      type: 'object',
      required: ['label', 'probabilities', 'top'],
    })
  })
})

describe('tensors', () => {
  test('one prediction is one row: the open first dimension is left out', () => {
    expect(issuesOf(tensors('float32', 'N', 2), { x: [1, 2] })).toEqual([])
    expect(issuesOf(tensors('float32', 'N'), { x: 1 })).toEqual([])
    expect(issuesOf(tensors('float32', 2, 1), { x: [[1], [2]] })).toEqual([])
    expect(issuesOf(tensors('float32'), { x: 1 })).toEqual([])
  })

  test('an open dimension takes any length, but the same for all its arrays', () => {
    const manifest = tensors('float32', 'N', 'S', 'T')
    expect(issuesOf(manifest, { x: [[1], [2], [3]] })).toEqual([])
    expect(issuesOf(manifest, { x: [] })).toEqual([])
    expect(issuesOf(manifest, { x: [[1, 2], [3]] })).toEqual(['x/1: must hold exactly 2 elements'])
  })

  test.each([
    [{}, 'x: is required'],
    [{ x: [1, 2, 3] }, 'x: must hold exactly 2 elements'],
    [
      { x: [[1], [2]] },
      'x/0: must be a number from -3.4028234663852886e+38 to 3.4028234663852886e+38, or "NaN", "Infinity" or "-Infinity"',
    ],
    [{ x: 1 }, 'x: must be an array'],
    [{ x: [1, 2], y: 1 }, 'y: is not a property of this input'],
  ])('refuses %j', (input, issue) => {
    expect(issuesOf(tensors('float32', 'N', 2), input)).toEqual([issue])
  })

  const limits: Record<ElementType, { good: unknown[]; bad: unknown[] }> = {
    float16: { good: [65_504, -0.5, 'NaN'], bad: [65_505, 'nan', null, true] },
    float32: { good: [3.4e38, 'Infinity'], bad: [3.5e38, Number.NaN, '1'] },
    float64: { good: [1e308, '-Infinity'], bad: [Number.POSITIVE_INFINITY, [], '1'] },
    int8: { good: [-128, 127], bad: [-129, 128, 0.5, '1', 'NaN'] },
    int16: { good: [-32_768, 32_767], bad: [-32_769, 32_768] },
    int32: { good: [-(2 ** 31), 2 ** 31 - 1], bad: [2 ** 31, -(2 ** 31) - 1] },
    int64: {
      good: [-1, 2 ** 53 - 1, '9223372036854775807'],
      bad: [2 ** 53, '9223372036854775808', 'x', '1.5', ''],
    },
    uint8: { good: [0, 255], bad: [-1, 256] },
    uint16: { good: [0, 65_535], bad: [-1, 65_536] },
    uint32: { good: [0, 2 ** 32 - 1], bad: [-1, 2 ** 32] },
    uint64: { good: [0, '18446744073709551615'], bad: [-1, '-1', '18446744073709551616'] },
    bool: { good: [true, false], bad: [0, 1, 'true'] },
    string: { good: ['', 'x'], bad: [0, null] },
  }

  test.each(elementTypes)('%s elements are refused outside their range', (type) => {
    const manifest = tensors(type, 'N')
    const { good, bad } = limits[type]
    expect(good.map((x) => issuesOf(manifest, { x }).length)).toEqual(good.map(() => 0))
    expect(bad.map((x) => issuesOf(manifest, { x }).length)).toEqual(bad.map(() => 1))
  })

  test('describes nested arrays without the batch axis, or an encoded tensor, both ways', () => {
    const array = {
      type: 'array',
      minItems: 2,
      maxItems: 2,
      items: { type: 'array', items: { type: 'boolean' } },
    }
    const properties = { x: { anyOf: [array, expect.objectContaining({ type: 'object' })] } }
    const schema = { type: 'object', properties, required: ['x'], additionalProperties: false }
    expect(inputJsonSchema(tensors('bool', 'N', 2, 'S'))).toMatchObject(schema)
    expect(outputJsonSchema(tensors('bool', 'N', 2, 'S'))).toMatchObject(schema)
  })
})

describe('module', () => {
  const manifest = manifestOf({
    inputs: [tensor('float32', 'N')],
    outputs: [tensor('float32', 'N')],
    pipeline: { name: 'module', path: 'own.mjs' },
  })

  test('takes any object and nothing else', () => {
    expect(issuesOf(manifest, { anything: [{ at: 'all' }] })).toEqual([])
    expect(issuesOf(manifest, [])).toEqual([': must be an object'])
    expect(inputJsonSchema(manifest)).toMatchObject({ type: 'object' })
  })
})

describe('the output of an own module', () => {
  const moduleOf = (output?: Record<string, string>) =>
    manifestOf({
      inputs: [tensor('float32', 'N', 1)],
      outputs: [tensor('float32', 'N', 1)],
      pipeline: { name: 'module', path: 'own.mjs', ...(output && { output }) },
    })

  test('is what its manifest says of it', () => {
    expect(outputJsonSchema(moduleOf({ type: 'string' }))).toEqual({ type: 'string' })
    expect(outputJsonSchema(moduleOf())).not.toHaveProperty('type')
  })

  test('is told element by element only as an array that its manifest calls an iterator', () => {
    expect(isIterator(moduleOf({ type: 'array', 'x-cog-array-type': 'iterator' }))).toBe(true)
    expect(isIterator(moduleOf({ type: 'array' }))).toBe(false)
    expect(isIterator(moduleOf({ type: 'string', 'x-cog-array-type': 'iterator' }))).toBe(false)
    expect(isIterator(tensors('float32', 'N', 2))).toBe(false)
  })
})

describe('the answer to a bad input', () => {
  const manifests = [images({ maximum: 16 }), tensors('int8', 'N', 2), tensors('string', 'N', 'S')]
  const secret = 'hunter2-hunter2'

  test('never holds the value', () => {
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        fc.constant(secret),
        fc.constant([secret, 1, null]),
        fc.array(tie('node')),
        fc.constant({ a: secret }),
      ),
    })).node
    fc.assert(
      fc.property(
        fc.record({ image: value, pixels: value, topK: value, x: value }, { requiredKeys: [] }),
        (input) => {
          for (const manifest of manifests) expect(issuesOf(manifest, input).join()).not.toContain(secret)
        },
      ),
    )
  })

  test('stays short, however much is wrong', () => {
    const strings = Array.from({ length: 50_000 }, () => secret)
    expect(issuesOf(tensors('float32', 'N', 'S'), { x: strings })).toHaveLength(1)
    const unknown = Object.fromEntries(strings.map((text, index) => [`key${index}`, text]))
    expect(issuesOf(manifests[0] ?? images(), { image: '/9j/', ...unknown })).toHaveLength(20)
  })
})

describe('the inputs of a version', () => {
  const manifest = manifestOf({
    inputs: [tensor('int64', 'N', 2)],
    outputs: [tensor('int64', 'N')],
    pipeline: { name: 'module', path: 'own.mjs' },
  })
  const version = { id: '0'.repeat(64), model: 'augur/m', label: '1', manifest }
  const schemas = new InputSchemas()
  const errorsOf = (input: unknown, form?: 'pipeline' | 'tensors', by = schemas) => {
    try {
      return by.validate(version, input, form)
    } catch (error) {
      return error instanceof ServiceError ? error.errors : error
    }
  }

  test('are those of its pipeline, or the tensors of its model', () => {
    expect(errorsOf({ anything: 1 })).toBe('{"anything":1}')
    const x = { shape: [1, 2], data: [1, '9223372036854775807'] }
    expect(errorsOf({ x }, 'tensors')).toBe(JSON.stringify({ x }))
    expect(errorsOf({ x: { shape: [1, 2], data: [1, 2 ** 53] } }, 'tensors')).toEqual([
      { pointer: '/input/x/data/1', code: 'invalid_value', detail: expect.stringContaining('as a string') },
    ])
    expect(errorsOf({ anything: 1 }, 'tensors')).toHaveLength(2)
  })

  test('hold no tensor of more elements than the operator allows', () => {
    const few = new InputSchemas({ maxTensorElements: 4 })
    const faultOf = (x: object) => errorsOf({ x }, 'tensors', few)
    expect(faultOf({ shape: [2, 2], data: [1, 2, 3, 4] })).toContain('[1,2,3,4]')
    expect(faultOf({ shape: [3, 2], data: [1, 2, 3, 4, 5, 6] })).toEqual([
      expect.objectContaining({ pointer: '/input/x', detail: expect.stringContaining('at most 4 elements') }),
    ])
  })

  test('never hide a key from their schema', () => {
    expect(errorsOf(JSON.parse('{"a":1,"__proto__":{"b":1}}'))).toMatchObject([
      { pointer: '/input/__proto__' },
    ])
  })
})
