import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ElementType, elementTypes, type TensorSpec } from '../models/manifest.js'
import { elementsToBytes, type JsonElement } from './element-bytes.js'
import { elementRules } from './element-rule.js'
import { tensorsInputSchema, tensorsPipelineSchema } from './tensor-inputs.js'

const spec = (type: ElementType, shape: TensorSpec['shape'], name = 'x'): TensorSpec => ({
  name,
  type,
  shape,
})

/** `path: message` of every issue. */
function issuesOf(inputs: TensorSpec[], input: unknown, schema = tensorsInputSchema): string[] {
  const { error } = schema({ inputs }).safeParse(input)
  return error?.issues.map(({ path, message }) => `${path.join('/')}: ${message}`) ?? []
}

const base64Of = (type: ElementType, data: JsonElement[]) => elementsToBytes(type, data).toString('base64')

describe('an encoded tensor', () => {
  test.each([
    { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] },
    { shape: [0, 3], data: [] },
    { shape: [1, 3], base64: base64Of('float32', [1, 2, 3]) },
    { shape: [0, 3], base64: '' },
    { datatype: 'FP32', shape: [1, 3], data: ['NaN', 'Infinity', -0] },
  ])('may be %j', (x) => {
    expect(issuesOf([spec('float32', ['N', 3])], { x })).toEqual([])
  })

  test.each([
    [undefined, 'x: is required'],
    [null, 'x: must be an object of shape and data, or of shape and base64'],
    [[[1, 2, 3]], 'x: must be an object of shape and data, or of shape and base64'],
    [{ data: [1] }, 'x/shape: is required'],
    [{ shape: '1,3', data: [1] }, 'x/shape: must be an array'],
    [{ shape: [3], data: [1, 2, 3] }, 'x/shape: must hold exactly 2 elements'],
    [{ shape: [1, 3, 1], data: [1, 2, 3] }, 'x/shape: must hold exactly 2 elements'],
    [{ shape: [1, 2], data: [1, 2] }, 'x/shape/1: must be 3'],
    [{ shape: [-1, 3], data: [] }, 'x/shape/0: must be an integer from 0 to 2147483647'],
    [{ shape: [0.5, 3], data: [] }, 'x/shape/0: must be an integer from 0 to 2147483647'],
    [{ shape: ['1', 3], data: [1, 2, 3] }, 'x/shape/0: must be an integer from 0 to 2147483647'],
    [{ shape: [2 ** 31, 3], data: [] }, 'x/shape/0: must be an integer from 0 to 2147483647'],
    [{ shape: [2 ** 31 - 1, 3], data: [] }, 'x/shape: must stand for at most 2147483647 elements'],
    [{ shape: [2, 3], data: [1, 2, 3] }, 'x/data: must hold exactly 6 elements, as shape says'],
    [{ shape: [1, 3], data: [1, 2, 3, 4] }, 'x/data: must hold exactly 3 elements, as shape says'],
    [{ shape: [1, 3], data: [[1, 2, 3]] }, 'x/data: must hold exactly 3 elements, as shape says'],
    [{ shape: [1, 3], data: 'AAAA' }, 'x/data: must be an array'],
    [{ shape: [1, 3] }, 'x/data: is required, or base64'],
    [{ shape: [1, 3], data: [1, 2, 3], base64: '' }, 'x/data: and base64 exclude each other'],
    [{ shape: [1, 3], base64: 'AAAA' }, 'x/base64: must hold exactly 12 bytes, as shape says'],
    [{ shape: [1, 3], base64: 'AAAAAAAAAAAAAAA' }, 'x/base64: must be base64 with its padding'],
    [{ shape: [1, 3], base64: 'AAAAAAAAAAAAAA-_' }, 'x/base64: must be base64 with its padding'],
    [{ shape: [1, 3], base64: 'AAAAAAAAAAAA AA=' }, 'x/base64: must be base64 with its padding'],
    [{ shape: [1, 3], base64: [0] }, 'x/base64: must be base64 with its padding'],
    [{ shape: [1, 3], data: [1, 2, 3], datatype: 'FP64' }, 'x/datatype: must be FP32'],
    [{ shape: [1, 3], data: [1, 2, 3], dtype: 'FP32' }, 'x/dtype: is not a property of a tensor'],
  ])('may not be %j', (x, issue) => {
    expect(issuesOf([spec('float32', ['N', 3])], { x })).toEqual([issue])
  })

  test('the path leads to the faulty element', () => {
    const data = [1, 2, 3e39, 'NaN', null, 6]
    const [issue] = issuesOf([spec('float32', ['N', 3])], { x: { shape: [2, 3], data } })
    expect(issue).toMatch(/^x\/data\/2: must be a number from/)
  })

  test('booleans and strings are looked at in their bytes as well', () => {
    const bad = (type: ElementType, bytes: number[]) =>
      issuesOf([spec(type, [1])], { x: { shape: [1], base64: Buffer.from(bytes).toString('base64') } })
    expect(bad('bool', [2])).toEqual(['x/base64: must hold booleans as bytes of 0 or 1'])
    expect(bad('string', [1, 0, 0, 0, 0xff])).toEqual(['x/base64: must hold strings in UTF-8 without U+0000'])
    expect(bad('string', [255, 255, 255, 255])[0]).toContain('must hold exactly 1 strings')
  })

  test('of unknown rank may have any, but not more than 8', () => {
    const inputs = [spec('int8', null)]
    const ranks = [[], [1], [1, 1, 1], Array.from({ length: 8 }, () => 1)]
    for (const shape of ranks) expect(issuesOf(inputs, { x: { shape, data: [1] } })).toEqual([])
    const nine = Array.from({ length: 9 }, () => 1)
    expect(issuesOf(inputs, { x: { shape: nine, data: [1] } })).toEqual([
      'x/shape: must hold at most 8 elements',
    ])
  })
})

describe('the inputs of one prediction', () => {
  const inputs = [spec('int32', ['N', 'S'], 'ids'), spec('int32', ['N', 'S'], 'mask')]
  const ones = (...shape: number[]) => ({
    shape,
    data: Array.from({ length: (shape[0] ?? 1) * (shape[1] ?? 1) }, () => 1),
  })

  test('agree in the dimensions that carry one name', () => {
    expect(issuesOf(inputs, { ids: ones(2, 3), mask: ones(2, 3) })).toEqual([])
    expect(issuesOf(inputs, { ids: ones(2, 3), mask: ones(1, 3) })).toEqual([
      'mask/shape/0: must have N = 2 in dimension 0, as ids has',
    ])
    expect(issuesOf(inputs, { ids: ones(2, 3), mask: ones(2, 2) })).toEqual([
      'mask/shape/1: must have S = 3 in dimension 1, as ids has',
    ])
    expect(issuesOf([spec('int32', ['K', 'K'])], { x: ones(2, 3) })).toHaveLength(1)
  })

  test('agree also where some are nested arrays', () => {
    const issues = (ids: unknown, mask: unknown) => issuesOf(inputs, { ids, mask }, tensorsPipelineSchema)
    expect(issues([1, 2, 3], [1, 1, 1])).toEqual([])
    expect(issues([1, 2, 3], ones(1, 3))).toEqual([])
    expect(issues([1, 2, 3], [1, 1])).toEqual(['mask: must have S = 3 in dimension 1, as ids has'])
    expect(issues([1, 2, 3], ones(2, 3))).toEqual([
      'mask/shape/0: must have N = 1 in dimension 0, as ids has',
    ])
  })

  test('are all of the model and no others, and nothing hides behind a prototype', () => {
    const x = { shape: [1], data: [1] }
    const one = [spec('int32', [1])]
    expect(issuesOf(one, {})).toEqual(['x: is required'])
    expect(issuesOf(one, { x, y: x })).toEqual(['y: is not a property of this input'])
    expect(issuesOf(one, JSON.parse('{"x":{"shape":[1],"data":[1]},"__proto__":{"a":1}}'))).toEqual([
      '__proto__: is not a property of this input',
    ])
    expect(issuesOf(one, JSON.parse('{"__proto__":{"x":{"shape":[1],"data":[1]}}}'))).toEqual([
      'x: is required',
      '__proto__: is not a property of this input',
    ])
    expect(issuesOf(one, { x: JSON.parse('{"shape":[1],"data":[1],"__proto__":[]}') })).toEqual([
      'x/__proto__: is not a property of a tensor',
    ])
    expect(issuesOf([spec('int32', [1], 'constructor')], {})).toEqual(['constructor: is required'])
  })

  test('may be none at all', () => {
    expect(issuesOf([], {})).toEqual([])
    expect(issuesOf([], { x: 1 })).toEqual(['x: is not a property of this input'])
  })

  test.each([null, undefined, 7, 'x', [], true])('are an object and not %j', (input) => {
    expect(issuesOf([], input)).toEqual([': must be an object'])
  })
})

/** Values that are elements of no type, or hardly of any. */
const oddElement = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    {},
    [],
    [1],
    '',
    ' 1',
    '1.5',
    '0x10',
    '1e3',
    'nan',
    '+1',
    '\ud800',
  ),
  fc.constantFrom<unknown>(
    Number.POSITIVE_INFINITY,
    Number.NaN,
    1e39,
    -1e39,
    2 ** 53,
    -(2 ** 53),
    2 ** 64,
    -0,
  ),
  fc.constantFrom<unknown>(
    0.5,
    256,
    -1,
    65_536,
    65_505,
    2 ** 31,
    2 ** 32,
    '18446744073709551616',
    '-9223372036854775809',
  ),
  fc.boolean(),
  fc.double(),
  fc.string(),
)
const oddSize = fc.oneof(
  fc.constantFrom<unknown>(
    -1,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 31,
    2 ** 53,
    -0,
    '1',
    null,
    [1],
    true,
  ),
  fc.nat(4),
)
const oddTensor = fc.oneof(
  fc.record(
    {
      shape: fc.oneof(
        fc.array(oddSize, { maxLength: 10 }),
        fc.constantFrom<unknown>([2 ** 31, 2 ** 31], {}, '1', null),
      ),
      data: fc.oneof(fc.array(oddElement, { maxLength: 6 }), oddElement),
      base64: fc.oneof(fc.base64String(), fc.string(), oddElement),
      datatype: fc.constantFrom<unknown>('FP32', 'fp32', 'BYTES', 7),
      constructor: oddElement,
    },
    { requiredKeys: [] },
  ),
  oddElement,
  fc.array(oddElement),
)

/** What is accepted must be what it says: the rules again, written another way. */
function isSound(value: unknown, { type, shape }: TensorSpec): boolean {
  const tensor = Object(value)
  const sizes: number[] = tensor.shape
  const count = sizes.reduce((product, size) => product * size, 1)
  if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) return false
  if (
    shape &&
    !(
      sizes.length === shape.length &&
      shape.every((size, axis) => typeof size === 'string' || size === sizes[axis])
    )
  )
    return false
  if (typeof tensor.base64 === 'string')
    return Buffer.from(tensor.base64, 'base64').toString('base64').length === tensor.base64.length
  return (
    tensor.data.length === count &&
    tensor.data.every((element: unknown) => elementRules[type].accepts(element))
  )
}

test('abuse is refused at a path of its own, and never throws', () => {
  const shapes = fc.constantFrom<TensorSpec['shape']>([], ['N'], ['N', 2], [1], [0, 'S'], ['K', 'K'], null)
  const property = fc.property(fc.constantFrom(...elementTypes), shapes, oddTensor, (type, shape, x) => {
    const inputs = [spec(type, shape)]
    for (const schema of [tensorsInputSchema, tensorsPipelineSchema]) {
      const { success, error } = schema({ inputs }).safeParse({ x })
      const isWrong = success && typeof x === 'object' && !Array.isArray(x) && !isSound(x, spec(type, shape))
      expect(isWrong).toBe(false)
      for (const issue of error?.issues ?? []) expect([issue.code, issue.path[0]]).toEqual(['custom', 'x'])
    }
  })
  fc.assert(property, { numRuns: 5_000 })
})

test('a single fault in a tensor that fits is found', () => {
  const wrong: Record<ElementType, unknown[]> = {
    float16: [65_505, '1', Number.NaN],
    float32: [3.5e38, 'inf', null],
    float64: [Number.POSITIVE_INFINITY, true],
    int8: [128, -129, 1.5],
    int16: [32_768, '1'],
    int32: [2 ** 31, Number.NaN],
    int64: [2 ** 53, '9223372036854775808', '1.0'],
    uint8: [256, -1],
    uint16: [65_536, -1],
    uint32: [2 ** 32, -1],
    uint64: ['18446744073709551616', -1, '-1'],
    bool: [1, 'true', null],
    string: [1, '\udc00', 'a\0b', null],
  }
  const cases = elementTypes.flatMap((type) => wrong[type].map((element) => ({ type, element })))
  fc.assert(
    fc.property(fc.constantFrom(...cases), fc.nat(20), fc.nat(20), ({ type, element }, before, after) => {
      const fine: unknown = type === 'string' ? 'a' : type === 'bool' ? true : 1
      const data = [...Array(before).fill(fine), element, ...Array(after).fill(fine)]
      const [issue] = issuesOf([spec(type, ['N'])], { x: { shape: [data.length], data } })
      expect(issue).toMatch(new RegExp(`^x/data/${before}: `))
    }),
  )
})
