import { describe, expect, test } from 'vitest'
import { inputJsonSchema, inputSchema, outputJsonSchema } from '../input-schema.js'
import { type Manifest, type ManifestInput, manifestSchema, type TensorSpec } from '../manifest.js'

const files = ['model.onnx', 'labels.txt', 'tokenizer.json'].map((path) => ({ path, sha256: '0'.repeat(64) }))
const tensor = (name: string, type: TensorSpec['type'], ...shape: (number | string)[]) => ({
  name,
  type,
  shape,
})

function manifestOf(parts: Omit<ManifestInput, 'files'>): Manifest {
  return manifestSchema.parse({ ...parts, files })
}

/** `path: message` of every issue. */
function issuesOf(manifest: Manifest, input: unknown): string[] {
  const { error } = inputSchema(manifest).safeParse(input)
  return error?.issues.map(({ path, message }) => `${path.join('/')}: ${message}`) ?? []
}

describe('text', () => {
  const text = { tokenizer: 'tokenizer.json', maxLength: 8, maxCharacters: 5 }
  const inputs = [tensor('input_ids', 'int64', 'N', 'S')]
  const classes = (pair: boolean) =>
    manifestOf({
      inputs,
      outputs: [tensor('logits', 'float32', 'N', 3)],
      pipeline: { name: 'text-classification', ...text, pair, labels: 'labels.txt' },
    })
  const vectors = manifestOf({
    inputs,
    outputs: [tensor('h', 'float32', 'N', 'S', 4)],
    pipeline: { name: 'text-embedding', ...text },
  })

  test('takes a text, and a second one where the manifest allows pairs', () => {
    expect(issuesOf(classes(true), { text: 'hello', pair: 'you', topK: 3 })).toEqual([])
    expect(issuesOf(classes(false), { text: 'hello', pair: 'you' })).toEqual([
      'pair: is not a property of this input',
    ])
    expect(issuesOf(vectors, { text: 'hello' })).toEqual([])
  })

  test.each([
    [{}, 'text: is required'],
    [{ text: null }, 'text: must be a string'],
    [{ text: ['a'] }, 'text: must be a string'],
    [{ text: '' }, 'text: must not be empty'],
    [{ text: ' \n\t' }, 'text: must not be empty'],
    [{ text: 'longer' }, 'text: must hold at most 5 characters'],
    [{ text: 'hello', pair: 'longer' }, 'pair: must hold at most 5 characters'],
    [{ text: 'hello', topK: 4 }, 'topK: must be 3 or less'],
  ])('refuses %j', (input, issue) => {
    expect(issuesOf(classes(true), input)).toEqual([issue])
  })

  test('describes inputs and outputs', () => {
    expect(inputJsonSchema(classes(true))).toMatchObject({
      properties: { text: { type: 'string', maxLength: 5 }, pair: { type: 'string' }, topK: { maximum: 3 } },
      required: ['text'],
      additionalProperties: false,
    })
    expect(outputJsonSchema(classes(true)).required).toEqual(['label', 'probabilities', 'top'])
    expect(outputJsonSchema(vectors)).toMatchObject({
      properties: { embedding: { type: 'array', items: { type: 'number' } } },
    })
  })
})

describe('tabular', () => {
  const manifest = manifestOf({
    inputs: [tensor('x', 'float32', 'N', 3), tensor('n', 'int32', 'N'), tensor('s', 'string', 'N')],
    outputs: [tensor('y', 'float32', 'N')],
    pipeline: {
      name: 'tabular',
      columns: [
        { kind: 'number', name: 'age', minimum: 0, maximum: 150 },
        { kind: 'category', name: 'plan', categories: ['free', 'pro'] },
        { kind: 'number', name: 'visits', input: 'n', missing: 0 },
        { kind: 'text', name: 'note', input: 's', maxCharacters: 3 },
      ],
    },
  })
  const good = { age: 30, plan: 'pro', visits: 2, note: 'abc' }

  test('takes a value for each column; one with a value for missing ones may be null or left out', () => {
    expect(issuesOf(manifest, good)).toEqual([])
    expect(issuesOf(manifest, { ...good, visits: null })).toEqual([])
    expect(issuesOf(manifest, { age: 0, plan: 'free', note: '' })).toEqual([])
  })

  test.each([
    [{ age: undefined }, 'age: is required'],
    [{ age: null }, 'age: is required'],
    [{ age: '30' }, 'age: must be a number'],
    [{ age: -1 }, 'age: must be 0 or more'],
    [{ age: Number.POSITIVE_INFINITY }, 'age: must be a number'],
    [{ plan: undefined }, 'plan: is required'],
    [{ plan: 'gold' }, 'plan: must be one of "free", "pro"'],
    [{ plan: true }, 'plan: must be one of "free", "pro"'],
    [{ age: 1e39 }, 'age: must be 150 or less'],
    [{ visits: 0.5 }, 'visits: must be an integer'],
    [{ visits: 2 ** 31 }, 'visits: is beyond what the model can hold'],
    [{ note: '\uD800' }, 'note: must be a string of whole characters without U+0000'],
    [{ note: 5 }, 'note: must be a string'],
    [{ note: 'abcd' }, 'note: must hold at most 3 characters'],
    [{ city: 'Ghent' }, 'city: is not a property of this input'],
  ])('refuses %j', (part, issue) => {
    expect(issuesOf(manifest, { ...good, ...part })).toEqual([issue])
  })

  test('takes any value for a category whose unknown values are not refused', () => {
    const lenient = manifestOf({
      inputs: [tensor('x', 'float32', 'N', 2)],
      outputs: [tensor('y', 'float32', 'N', 2)],
      pipeline: {
        name: 'tabular',
        columns: [{ kind: 'category', name: 'plan', categories: ['a', 'b'], unknown: 'zeros' }],
        labels: 'labels.txt',
      },
    })
    expect(issuesOf(lenient, { plan: 'zzz' })).toEqual([])
    expect(issuesOf(lenient, { plan: {} })).toEqual(['plan: must be a string, a number or a boolean'])
  })

  test('describes its columns and its answer', () => {
    expect(inputJsonSchema(manifest)).toMatchObject({
      properties: {
        age: { type: 'number', minimum: 0, maximum: 150 },
        plan: { type: 'string', enum: ['free', 'pro'] },
        visits: { default: 0 },
      },
      required: ['age', 'plan', 'note'],
    })
    expect(outputJsonSchema(manifest)).toMatchObject({ properties: { value: { type: 'number' } } })
  })
})
