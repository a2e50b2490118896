import { z } from 'zod'
import type { InputForm } from '../predictions/prediction.js'
import {
  tensorsInputSchema,
  tensorsOutputJsonSchema,
  tensorsPipelineSchema,
} from '../tensors/tensor-inputs.js'
import { classification } from './inputs/classes.js'
import { imageInput } from './inputs/image-classification.js'
import { predictedValue, tabularInput } from './inputs/tabular.js'
import { embedding, textClassificationInput, textEmbeddingInput } from './inputs/text.js'
import type { Manifest } from './manifest.js'
import type { PipelineSpec } from './pipeline-spec.js'

type JsonSchema = Record<string, unknown>

export interface InputLimits {
  /** Of one tensor, batch axis included. */
  maxTensorElements?: number
}

/** Checks one prediction's input. The path of an issue leads to the faulty field; its message never holds the value. */
export function inputSchema(
  manifest: Manifest,
  form: InputForm = 'pipeline',
  { maxTensorElements }: InputLimits = {},
): z.ZodType {
  const { pipeline } = manifest
  if (form === 'tensors') return tensorsInputSchema(manifest, maxTensorElements)
  if (pipeline.name === 'image-classification') return imageInput(manifest, pipeline)
  if (pipeline.name === 'text-classification') return textClassificationInput(manifest, pipeline)
  if (pipeline.name === 'text-embedding') return textEmbeddingInput(pipeline)
  if (pipeline.name === 'tabular') return tabularInput(manifest, pipeline)
  if (pipeline.name === 'tensors') return tensorsPipelineSchema(manifest, maxTensorElements)
  // Parsed JSON already: a recursive check would only fall over on deep nesting.
  return z.record(z.string(), z.unknown(), { error: 'must be an object' })
}

/** JSON Schema of what `inputSchema` accepts. */
export function inputJsonSchema(manifest: Manifest): JsonSchema {
  return { ...z.toJSONSchema(inputSchema(manifest)) }
}

/** JSON Schema of a succeeded prediction's output. */
export function outputJsonSchema(manifest: Manifest): JsonSchema {
  const answer = answerOf(manifest.pipeline)
  if (answer) return { ...z.toJSONSchema(answer) }
  if (manifest.pipeline.name === 'module')
    return manifest.pipeline.output ?? { description: 'Whatever the postprocess of the model gives.' }
  return tensorsOutputJsonSchema(manifest)
}

/** Whether an output is an array that is told of element by element, in the words that clients of the contract know. */
export function isIterator(manifest: Manifest): boolean {
  const schema = outputJsonSchema(manifest)
  return schema.type === 'array' && schema['x-cog-array-type'] === 'iterator'
}

/** What a pipeline answers, where that does not depend on the model's outputs. */
function answerOf(pipeline: PipelineSpec): z.ZodType | undefined {
  if (pipeline.name === 'image-classification' || pipeline.name === 'text-classification')
    return classification
  if (pipeline.name === 'text-embedding') return embedding
  if (pipeline.name === 'tabular') return pipeline.labels ? classification : predictedValue
  return undefined
}
