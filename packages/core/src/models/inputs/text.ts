import { z } from 'zod'
import type { Manifest } from '../manifest.js'
import { classScores } from '../pipelines/classifier.js'
import type { TextClassificationSpec, TextEmbeddingSpec } from '../pipelines/text.js'
import { wantedClasses } from './classes.js'
import { closedObject } from './closed-object.js'

/** A text, and a second one where the manifest allows it. */
export function textClassificationInput(
  manifest: Manifest,
  { maxCharacters, pair, topK }: TextClassificationSpec,
): z.ZodType {
  return closedObject({
    text: textOf(maxCharacters).describe('The text to classify.'),
    ...(pair && { pair: textOf(maxCharacters).optional().describe('A second text, after the first.') }),
    topK: wantedClasses(topK, classScores(manifest)?.classes ?? topK),
  })
}

export function textEmbeddingInput({ maxCharacters }: TextEmbeddingSpec): z.ZodType {
  return closedObject({ text: textOf(maxCharacters).describe('The text to embed.') })
}

/** What an embedding model answers. */
export const embedding = z.strictObject({
  embedding: z.array(z.number()).describe('The vector of the text.'),
})

function textOf(maxCharacters: number): z.ZodType {
  return z
    .string({ error: ({ input }) => (input === undefined ? 'is required' : 'must be a string') })
    .regex(/\S/, 'must not be empty')
    .max(maxCharacters, `must hold at most ${maxCharacters} characters`)
}
