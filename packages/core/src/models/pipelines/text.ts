import { z } from 'zod'
import type { Manifest, TensorSpec } from '../manifest.js'
import { relativePath } from '../relative-path.js'
import { activation, classifierFields, classScores, noClassScores } from './classifier.js'
import type { Report } from './report.js'

/** Names under which models for text take their inputs. */
export const textInputs = ['input_ids', 'attention_mask', 'token_type_ids'] as const

const textFields = {
  tokenizer: relativePath.describe('File with the tokenizer in the Hugging Face format: `tokenizer.json`.'),
  tokenizerConfig: relativePath
    .optional()
    .describe('Its `tokenizer_config.json`, where the tokenizer needs one: those of T5, XLNet and XLM do.'),
  maxLength: z
    .int()
    .min(2)
    .max(8192)
    .describe('Most tokens of an input, special ones included. What a text has beyond them is cut off.'),
  maxCharacters: z.int().min(1).max(1_000_000).default(10_000).describe('A longer text is refused.'),
}

/** A text, or a pair of texts, in; the probability of each class out. */
export const textClassification = z.strictObject({
  name: z.literal('text-classification'),
  ...textFields,
  pair: z
    .boolean()
    .default(false)
    .describe('Lets callers send a second text as `pair`, such as the answer to a question.'),
  activation,
  ...classifierFields,
})
export type TextClassificationSpec = z.infer<typeof textClassification>

/** A text in, one vector out. */
export const textEmbedding = z.strictObject({
  name: z.literal('text-embedding'),
  ...textFields,
  pooling: z
    .enum(['mean', 'cls', 'none'])
    .default('mean')
    .describe(
      '`mean` averages the vectors of the tokens, `cls` takes that of the first; `none` is for models that give one vector.',
    ),
  normalise: z.boolean().default(true).describe('Scales the vector to length 1.'),
})
export type TextEmbeddingSpec = z.infer<typeof textEmbedding>
export type TextSpec = TextClassificationSpec | TextEmbeddingSpec

/** Files of the version's folder that the tokenizer is read from. */
export function tokenizerFiles({ tokenizer, tokenizerConfig }: TextSpec): string[] {
  return tokenizerConfig ? [tokenizer, tokenizerConfig] : [tokenizer]
}

/** The output that holds an embedding: one vector for each token, or one for the text. */
export function vectors(
  manifest: Pick<Manifest, 'outputs'>,
  { pooling }: Pick<TextEmbeddingSpec, 'pooling'>,
): TensorSpec | undefined {
  const rank = pooling === 'none' ? 2 : 3
  return manifest.outputs.find(({ type, shape }) => type === 'float32' && shape?.length === rank)
}

/** What a manifest says beside the pipeline has to fit it. */
export function checkText(manifest: Manifest, spec: TextSpec, report: Report): void {
  for (const [index, input] of manifest.inputs.entries()) {
    const problem = findInputProblem(input, spec)
    if (problem) report(['inputs', index], problem)
  }
  if (!manifest.inputs.some(({ name }) => name === 'input_ids')) report(['inputs'], 'need input_ids')
  if (spec.name === 'text-classification' && !classScores(manifest)) report(['outputs'], noClassScores)
  if (spec.name === 'text-embedding' && !vectors(manifest, spec)) {
    const shape = spec.pooling === 'none' ? '[batch, size]' : '[batch, tokens, size]'
    report(['outputs'], `need a float32 tensor of shape ${shape}`)
  }
}

function findInputProblem({ name, type, shape }: TensorSpec, { maxLength }: TextSpec): string | undefined {
  if (!textInputs.some((known) => known === name)) return `must be one of ${textInputs.join(', ')}`
  const [batch, length, ...rest] = shape ?? []
  const isMatrix = batch !== undefined && length !== undefined && rest.length === 0
  if ((type !== 'int64' && type !== 'int32') || !isMatrix || (typeof batch === 'number' && batch !== 1))
    return 'must be an int64 or int32 tensor of shape [batch, tokens]'
  if (typeof length === 'number' && length < maxLength) return 'has room for fewer tokens than maxLength'
  return undefined
}
