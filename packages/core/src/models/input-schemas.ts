import type { z } from 'zod'
import { ServiceError } from '../errors.js'
import { describeFieldErrors, fieldErrors } from '../field-errors.js'
import type { JsonText } from '../predictions/prediction.js'
import { inputSchema } from './input-schema.js'
import type { ModelVersion, VersionId } from './version.js'

/** The input schemas of versions, each built once. */
export class InputSchemas {
  private readonly schemas = new Map<VersionId, z.ZodType>()

  /**
   * The input as JSON text, once it is valid for the version.
   * @throws ServiceError `invalid_input`, which names the faulty fields below `/input` and holds no values
   */
  validate(version: ModelVersion, input: unknown): JsonText {
    const parsed = this.schemaOf(version).safeParse(input)
    if (parsed.success) return JSON.stringify(parsed.data)
    const errors = fieldErrors(parsed.error, ['input'])
    throw new ServiceError('invalid_input', describeFieldErrors(errors), { errors })
  }

  private schemaOf({ id, manifest }: ModelVersion): z.ZodType {
    const known = this.schemas.get(id)
    if (known) return known
    const schema = inputSchema(manifest)
    this.schemas.set(id, schema)
    return schema
  }
}
