import { z } from 'zod'
import type { Manifest } from './manifest.js'
import { checkImages, imageClassification } from './pipelines/image-classification.js'
import type { Report } from './pipelines/report.js'
import { checkTabular, tabular } from './pipelines/tabular.js'
import { checkText, textClassification, textEmbedding, tokenizerFiles } from './pipelines/text.js'
import { relativePath } from './relative-path.js'

/** Tensors in, tensors out, by the names of the model. */
const tensors = z.strictObject({ name: z.literal('tensors') })

/** The user's own `preprocess` and `postprocess`, exported by a file of the version's folder. */
const ownModule = z.strictObject({
  name: z.literal('module'),
  path: relativePath.describe('File of the version that exports its own `preprocess` and `postprocess`.'),
  output: z
    .record(z.string(), z.json())
    .optional()
    .describe(
      'JSON Schema of what `postprocess` gives, as clients are shown it. An array with `"x-cog-array-type": "iterator"` is streamed element by element.',
    ),
})

/** What the field `pipeline` of a manifest may say. */
export const pipelineSchema = z.discriminatedUnion('name', [
  imageClassification,
  textClassification,
  textEmbedding,
  tabular,
  tensors,
  ownModule,
])
export type PipelineSpec = z.infer<typeof pipelineSchema>

/** Files of the version's folder that a pipeline reads, `model.onnx` aside. */
export function pipelineFiles(pipeline: PipelineSpec): string[] {
  const files: string[] = []
  if ('tokenizer' in pipeline) files.push(...tokenizerFiles(pipeline))
  if ('labels' in pipeline && pipeline.labels) files.push(pipeline.labels)
  if (pipeline.name === 'module') files.push(pipeline.path)
  return files
}

/** What a manifest says beside its pipeline has to fit it. */
export function checkPipeline(manifest: Manifest, report: Report): void {
  const { pipeline } = manifest
  if (pipeline.name === 'image-classification') checkImages(manifest, pipeline, report)
  if (pipeline.name === 'text-classification' || pipeline.name === 'text-embedding')
    checkText(manifest, pipeline, report)
  if (pipeline.name === 'tabular') checkTabular(manifest, pipeline, report)
}
