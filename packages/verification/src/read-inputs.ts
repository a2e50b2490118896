import type { LocalVersion } from '@augur/core/models/version'
import type { RunInput } from '@augur/inference/runner/protocol'
import { runInputOf } from './compare-versions.js'
import { fitExamples } from './dataset/fit-examples.js'
import { readDataset } from './dataset/read-dataset.js'
import { VerificationError } from './verification-error.js'

/** Enough that they differ, few enough to be kept. */
const mostInputs = 256

/**
 * Inputs to measure a version with: of a test set, or else its example.
 * @throws VerificationError when there are none, or they do not fit
 */
export async function readInputs(version: LocalVersion, path: string | undefined): Promise<RunInput[]> {
  if (path !== undefined) {
    const dataset = await readDataset(path, { labelColumn: 'label' })
    const { examples } = await fitExamples(dataset, version, null)
    return Promise.all(examples.slice(0, mostInputs).map(runInputOf))
  }
  const { example } = version.manifest
  if (example) return [{ form: 'pipeline', json: JSON.stringify(example) }]
  throw new VerificationError(
    `${version.model}:${version.label} has no example in its manifest: give inputs with --dataset.`,
  )
}
