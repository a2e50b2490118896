import type { Manifest } from '@augur/core/models/manifest'
import type { TextClassificationSpec } from '@augur/core/models/pipelines/text'
import { openClassifier } from '../postprocess/classify.js'
import { openTokenizer } from '../preprocess/open-tokenizer.js'
import { textToTensors } from '../preprocess/text-to-tensors.js'
import { asFields, type Pipeline } from './pipeline.js'
import { readText } from './read-text.js'

/** Opens the pipeline of a version: reads its tokenizer and its labels, and checks that both fit the model. */
export async function openTextClassification(
  folder: string,
  manifest: Manifest,
  spec: TextClassificationSpec,
): Promise<Pipeline> {
  const classify = await openClassifier(folder, manifest, spec)
  const { tokenize, padId } = await openTokenizer(folder, spec)
  const toTensors = textToTensors(manifest, padId)
  return {
    preprocess: async (input) => {
      const { text, pair } = asFields(input)
      const second = spec.pair && pair !== undefined ? readText(pair, 'pair', spec) : undefined
      return toTensors(tokenize(readText(text, 'text', spec), second))
    },
    postprocess: (outputs, input) => classify(outputs, asFields(input).topK),
  }
}
