import { ServiceError } from '@augur/core/errors'
import { InputSchemas } from '@augur/core/models/input-schemas'
import type { ModelVersion } from '@augur/core/models/version'
import { VerificationError } from '../verification-error.js'
import { type BrokenLine, type Dataset, type Example, placeText } from './example.js'

/** Share of examples that may not fit before the set is taken for one of another model. */
const mostMisfits = 0.1

/**
 * The examples that a version takes, by the schema that the API checks callers' inputs with. What does not fit is
 * broken.
 * @throws VerificationError when more than one in ten do not fit, or when a label is none of `labels`
 */
export async function fitExamples(
  dataset: Dataset,
  version: ModelVersion,
  labels: ReadonlySet<string> | null,
): Promise<Dataset> {
  const schemas = new InputSchemas()
  const examples: Example[] = []
  const misfits: BrokenLine[] = []
  for (const example of dataset.examples) {
    const reason = await misfitOf(schemas, version, example)
    if (reason !== null) misfits.push({ at: example.at, reason })
    else {
      checkLabel(example, labels, version)
      examples.push(example)
    }
  }
  const [first] = misfits
  if (first && misfits.length > mostMisfits * dataset.examples.length) {
    const count = `${misfits.length} of ${dataset.examples.length} inputs`
    throw new VerificationError(
      `${count} do not fit ${version.model}:${version.label}; first ${placeText(first.at)} ${first.reason}`,
    )
  }
  return { ...dataset, examples, broken: [...dataset.broken, ...misfits] }
}

async function misfitOf(
  schemas: InputSchemas,
  version: ModelVersion,
  example: Example,
): Promise<string | null> {
  try {
    schemas.validate(version, await example.input())
    return null
  } catch (error) {
    if (error instanceof ServiceError) return error.message
    throw error
  }
}

function checkLabel(
  { label, at }: Example,
  labels: ReadonlySet<string> | null,
  { model, label: version }: ModelVersion,
): void {
  if (label === null || labels === null || labels.has(String(label))) return
  throw new VerificationError(
    `${placeText(at)} has the label ${JSON.stringify(label)}, which ${model}:${version} does not know`,
  )
}
