import { z } from 'zod'
import { elementRules } from '../../tensors/element-rule.js'
import type { ElementType, Manifest, TensorSpec } from '../manifest.js'
import { activation, classifierFields, classScores, noClassScores } from './classifier.js'
import type { Report } from './report.js'

const columnFields = {
  // A property of this name is no property like others.
  name: z
    .string()
    .min(1)
    .max(200)
    .refine((name) => name !== '__proto__', 'must be another name')
    .describe("The column's name in a request."),
  input: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The model's input that the column goes to; left out, the first. Columns of one input stand side by side.",
    ),
}

const numberColumn = z.strictObject({
  kind: z.literal('number'),
  ...columnFields,
  mean: z.number().default(0).describe('What is subtracted.'),
  std: z.number().positive().default(1).describe('What the difference is divided by.'),
  minimum: z.number().optional().describe('A smaller number is refused.'),
  maximum: z.number().optional().describe('A larger number is refused.'),
  missing: z
    .union([z.number(), z.literal('NaN')])
    .optional()
    .describe(
      'Taken in place of a column that is null or left out, before scaling; `"NaN"` for models that know it. Without it the column is required.',
    ),
})

const category = z.union([z.string(), z.number(), z.boolean()])

const categoryColumn = z.strictObject({
  kind: z.literal('category'),
  ...columnFields,
  categories: z.array(category).min(1).max(10_000).describe('The values, in the order of the encoding.'),
  encoding: z
    .enum(['one-hot', 'index'])
    .default('one-hot')
    .describe(
      '`one-hot` makes one number for each category, 1 for the given one; `index` its place, from 0.',
    ),
  unknown: z
    .enum(['refuse', 'zeros', 'missing'])
    .default('refuse')
    .describe(
      'A value that is no category is refused, becomes `zeros` (one-hot only), or counts as `missing`.',
    ),
  missing: category
    .optional()
    .describe(
      'The category taken in place of a column that is null or left out. Without it the column is required.',
    ),
})

const textColumn = z.strictObject({
  kind: z.literal('text'),
  ...columnFields,
  maxCharacters: z.int().min(1).max(1_000_000).default(1000).describe('A longer text is refused.'),
  missing: z
    .string()
    .optional()
    .describe('Taken in place of a column that is null or left out. Without it the column is required.'),
})

const column = z.discriminatedUnion('kind', [numberColumn, categoryColumn, textColumn])
export type Column = z.infer<typeof column>
export type NumberColumn = z.infer<typeof numberColumn>
export type CategoryColumn = z.infer<typeof categoryColumn>

/** Named columns in, the probability of each class or one number out. */
export const tabular = z.strictObject({
  name: z.literal('tabular'),
  columns: z.array(column).min(1).max(10_000).describe('The columns, in the order of the model.'),
  activation,
  labels: classifierFields.labels
    .optional()
    .describe(
      'File with one class name per line, in the order of the output. Left out, the answer is one number.',
    ),
  topK: classifierFields.topK,
  target: z
    .strictObject({
      mean: z.number().default(0).describe('What is added to the product.'),
      std: z.number().positive().default(1).describe("What the model's number is multiplied by."),
    })
    .prefault({})
    .describe('Undoes the scaling of what the model was trained to predict. Not for classes.'),
})
export type TabularSpec = z.infer<typeof tabular>

/** A column's number as the model takes it. */
export function scaled({ mean, std }: NumberColumn, value: number): number {
  return (value - mean) / std
}

/** Whether an input of the model can hold an element: NaN only where it holds floats. */
export function canHold(type: ElementType, element: number | string): boolean {
  return Number.isNaN(element) ? type.startsWith('float') : elementRules[type].accepts(element)
}

/** How many elements of the model's input a column takes. */
function widthOf(part: Column): number {
  return part.kind === 'category' && part.encoding === 'one-hot' ? part.categories.length : 1
}

/** The columns that go to an input, in their order. */
export function columnsOf(
  { inputs }: Pick<Manifest, 'inputs'>,
  { columns }: Pick<TabularSpec, 'columns'>,
  input: string,
): Column[] {
  return columns.filter((part) => (part.input ?? inputs[0]?.name) === input)
}

/** The output that holds the predicted number. */
export function predictedNumber({ outputs }: Pick<Manifest, 'outputs'>): TensorSpec | undefined {
  return outputs.find(({ type, shape }) => {
    const isFloat = type === 'float32' || type === 'float64'
    return isFloat && (shape?.length === 1 || (shape?.length === 2 && shape[1] === 1))
  })
}

/** What a manifest says beside the pipeline has to fit it. */
export function checkTabular(manifest: Manifest, spec: TabularSpec, report: Report): void {
  for (const [index, part] of spec.columns.entries()) {
    const path = ['pipeline', 'columns', index]
    if (spec.columns.findIndex(({ name }) => name === part.name) !== index)
      report([...path, 'name'], 'is declared twice')
    if (part.input && !manifest.inputs.some(({ name }) => name === part.input))
      report([...path, 'input'], 'is no input of the model')
    if (part.kind === 'category') checkCategories(part, (field, message) => report([...path, field], message))
  }
  for (const [index, input] of manifest.inputs.entries()) {
    const problem = findInputProblem(input, columnsOf(manifest, spec, input.name))
    if (problem) report(['inputs', index], problem)
  }
  if (spec.labels && !classScores(manifest)) report(['outputs'], noClassScores)
  if (!spec.labels && !predictedNumber(manifest))
    report(['outputs'], 'need a float32 or float64 tensor of shape [batch, 1] or [batch]')
}

function checkCategories(
  { categories, encoding, unknown, missing }: CategoryColumn,
  report: (field: string, message: string) => void,
): void {
  if (new Set(categories).size !== categories.length) report('categories', 'holds a value twice')
  if (unknown === 'zeros' && encoding !== 'one-hot') report('unknown', '"zeros" needs the encoding one-hot')
  if (unknown === 'missing' && missing === undefined) report('missing', 'is needed by unknown "missing"')
  if (missing !== undefined && !categories.includes(missing))
    report('missing', 'must be one of the categories')
}

function findInputProblem({ type, shape }: TensorSpec, columns: Column[]): string | undefined {
  if (columns.length === 0) return 'has no column'
  if (type === 'bool' || type === 'float16') return `of type ${type} cannot be filled with columns`
  const holdsText = columns.some(({ kind }) => kind === 'text')
  if (holdsText !== (type === 'string') || columns.some(({ kind }) => (kind === 'text') !== holdsText))
    return 'of type string takes columns of kind text, and no other type does'
  const [batch, width = 1, ...rest] = shape ?? []
  if (batch === undefined || (typeof batch === 'number' && batch !== 1) || rest.length > 0)
    return 'must have the shape [batch, width] or [batch]'
  const given = columns.reduce((sum, part) => sum + widthOf(part), 0)
  const unfit = columns.find((part) => !numbersOf(part).every((value) => canHold(type, value)))
  if (unfit) return `of type ${type} cannot hold what the column ${unfit.name} makes`
  if (typeof width === 'number' && width !== given)
    return `has ${width} elements, and its columns make ${given}`
  return undefined
}

/** The numbers that a column makes whatever a caller sends. */
function numbersOf(part: Column): number[] {
  if (part.kind === 'category') return [part.encoding === 'index' ? part.categories.length - 1 : 1]
  if (part.kind === 'text' || part.missing === undefined) return []
  return [part.missing === 'NaN' ? Number.NaN : scaled(part, part.missing)]
}
