import { describe, expect, test } from 'vitest'
import { manifestSchema, type TensorSpec } from './manifest.js'
import { pipelineFiles, pipelineSchema } from './pipeline-spec.js'

const sha256 = '0'.repeat(64)
const tensor = (name: string, type: TensorSpec['type'], ...shape: (number | string)[]) => ({
  name,
  type,
  shape,
})
const ids = tensor('input_ids', 'int64', 'N', 'S')
const logits = tensor('logits', 'float32', 'N', 3)
const hidden = tensor('last_hidden_state', 'float32', 'N', 'S', 8)
const x = (width: number) => tensor('x', 'float32', 'N', width)

const classification = {
  name: 'text-classification',
  tokenizer: 'tokenizer.json',
  maxLength: 8,
  labels: 'labels.txt',
} as const
const embedding = { name: 'text-embedding', tokenizer: 'tokenizer.json', maxLength: 8 } as const
const tabular = (...columns: object[]) => ({ name: 'tabular', labels: 'labels.txt', columns }) as const
const age = { kind: 'number', name: 'age' }
const plan = { kind: 'category', name: 'plan', categories: ['free', 'pro'] }
const city = { kind: 'text', name: 'city' }

/** `path: message` of every issue. */
function issuesOf(inputs: TensorSpec[], outputs: TensorSpec[], pipeline: object): string[] {
  const files = ['model.onnx', 'labels.txt', 'tokenizer.json'].map((path) => ({ path, sha256 }))
  const { error } = manifestSchema.safeParse({ inputs, outputs, pipeline, files })
  return error?.issues.map(({ path, message }) => `${path.join('/')}: ${message}`) ?? []
}

describe('text', () => {
  test('takes the tensors that exported models have', () => {
    const mask = tensor('attention_mask', 'int32', 1, 16)
    expect(
      issuesOf([ids, mask, tensor('token_type_ids', 'int64', 'N', 'S')], [logits], classification),
    ).toEqual([])
    expect(issuesOf([ids], [hidden], embedding)).toEqual([])
    expect(issuesOf([ids], [tensor('e', 'float32', 'N', 8)], { ...embedding, pooling: 'none' })).toEqual([])
  })

  test.each([
    [
      [tensor('ids', 'int64', 'N', 'S')],
      'inputs/0: must be one of input_ids, attention_mask, token_type_ids',
    ],
    [[tensor('attention_mask', 'int64', 'N', 'S')], 'inputs: need input_ids'],
    [
      [tensor('input_ids', 'float32', 'N', 'S')],
      'inputs/0: must be an int64 or int32 tensor of shape [batch, tokens]',
    ],
    [
      [tensor('input_ids', 'int64', 'S')],
      'inputs/0: must be an int64 or int32 tensor of shape [batch, tokens]',
    ],
    [[{ ...ids, shape: null }], 'inputs/0: must be an int64 or int32 tensor of shape [batch, tokens]'],
    [[tensor('input_ids', 'int64', 'N', 7)], 'inputs/0: has room for fewer tokens than maxLength'],
  ])('refuses inputs %j', (inputs, issue) => {
    expect(issuesOf(inputs, [logits], classification)).toContain(issue)
  })

  test('refuses outputs that hold no scores, or no vectors', () => {
    const need = 'outputs: need a float32 tensor of shape'
    expect(issuesOf([ids], [hidden], classification)).toEqual([`${need} [batch, number of classes]`])
    expect(issuesOf([ids], [logits], embedding)).toEqual([`${need} [batch, tokens, size]`])
    expect(issuesOf([ids], [hidden], { ...embedding, pooling: 'none' })).toEqual([`${need} [batch, size]`])
  })
})

describe('tabular', () => {
  test('takes one input for all columns, or an input for each', () => {
    expect(issuesOf([x(3)], [logits], tabular(age, plan))).toEqual([])
    const index = { ...plan, encoding: 'index', input: 'plan' }
    const inputs = [
      tensor('age', 'float64', 'N', 1),
      tensor('plan', 'int64', 'N'),
      tensor('city', 'string', 'N', 1),
    ]
    expect(issuesOf(inputs, [logits], tabular(age, index, { ...city, input: 'city' }))).toEqual([])
    const number = { name: 'tabular', columns: [age] }
    expect(issuesOf([x(1)], [tensor('y', 'float64', 'N')], number)).toEqual([])
  })

  test.each([
    [[age, age], 'pipeline/columns/1/name: is declared twice'],
    [[{ ...age, input: 'z' }], 'pipeline/columns/0/input: is no input of the model'],
    [[age], 'inputs/0: has 2 elements, and its columns make 1'],
    [[city, age], 'inputs/0: of type string takes columns of kind text, and no other type does'],
    [[{ ...plan, categories: ['a', 'a'] }], 'pipeline/columns/0/categories: holds a value twice'],
    [
      [
        { ...age, missing: 1e39 },
        { ...age, name: 'b' },
      ],
      'inputs/0: of type float32 cannot hold what the column age makes',
    ],
    [[{ ...plan, missing: 'gold' }], 'pipeline/columns/0/missing: must be one of the categories'],
    [[{ ...plan, unknown: 'missing' }], 'pipeline/columns/0/missing: is needed by unknown "missing"'],
    [
      [age, { ...plan, encoding: 'index', unknown: 'zeros' }],
      'pipeline/columns/1/unknown: "zeros" needs the encoding one-hot',
    ],
  ])('refuses columns %j', (columns, issue) => {
    expect(issuesOf([x(2)], [logits], tabular(...columns))).toContain(issue)
  })

  test('refuses an input without columns, and outputs that fit no answer', () => {
    expect(issuesOf([x(1), tensor('z', 'float32', 'N', 1)], [logits], tabular(age))).toEqual([
      'inputs/1: has no column',
    ])
    expect(issuesOf([x(1)], [hidden], tabular(age))).toEqual([
      'outputs: need a float32 tensor of shape [batch, number of classes]',
    ])
    expect(issuesOf([x(1)], [logits], { name: 'tabular', columns: [age] })).toEqual([
      'outputs: need a float32 or float64 tensor of shape [batch, 1] or [batch]',
    ])
  })
})

test('every file that a pipeline reads has to be listed', () => {
  const pipelines: [object, string[]][] = [
    [{ ...classification, tokenizerConfig: 'c.json' }, ['tokenizer.json', 'c.json', 'labels.txt']],
    [embedding, ['tokenizer.json']],
    [tabular(age), ['labels.txt']],
    [{ name: 'tabular', columns: [age] }, []],
    [{ name: 'module', path: 'own.mjs' }, ['own.mjs']],
    [{ name: 'tensors' }, []],
  ]
  for (const [pipeline, files] of pipelines)
    expect(pipelineFiles(pipelineSchema.parse(pipeline))).toEqual(files)
})
