import type { Manifest } from '@augur/core/models/manifest'
import { openOwnModule } from './own-module.js'
import type { Pipeline } from './pipeline.js'
import { openTabular } from './tabular.js'
import { openTensors } from './tensors.js'
import { openTextClassification } from './text-classification.js'
import { openTextEmbedding } from './text-embedding.js'

export interface PipelineLimits {
  maxImagePixels?: number
}

/** Opens the pipeline that a manifest names. Rejects when the version's files do not fit it. */
export async function openPipeline(
  folder: string,
  manifest: Manifest,
  limits: PipelineLimits = {},
): Promise<Pipeline> {
  const { pipeline } = manifest
  if (pipeline.name === 'module') return openOwnModule(folder, manifest, pipeline.path)
  if (pipeline.name === 'tensors') return openTensors(manifest)
  if (pipeline.name === 'tabular') return openTabular(folder, manifest, pipeline)
  if (pipeline.name === 'text-classification') return openTextClassification(folder, manifest, pipeline)
  if (pipeline.name === 'text-embedding') return openTextEmbedding(folder, manifest, pipeline)
  // Runners without an image pipeline are spared the memory of libvips.
  const { openImageClassification } = await import('./image-classification.js')
  return openImageClassification(folder, manifest, pipeline, limits.maxImagePixels)
}
