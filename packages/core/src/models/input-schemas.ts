import type { z } from 'zod'
import { type FieldError, ServiceError } from '../errors.js'
import { describeFieldErrors, fieldErrors } from '../field-errors.js'
import type { InputForm, JsonText } from '../predictions/prediction.js'
import { type InputLimits, inputSchema } from './input-schema.js'
import type { ModelVersion, VersionId } from './version.js'

const unknownProperty: FieldError = {
  pointer: '/input/__proto__',
  code: 'invalid_value',
  detail: 'input.__proto__: is not a property of this input',
}

/** The input schemas of versions, each built once. */
export class InputSchemas {
  private readonly schemas: Record<InputForm, Map<VersionId, z.ZodType>> = {
    pipeline: new Map(),
    tensors: new Map(),
  }

  constructor(private readonly limits: InputLimits = {}) {}

  /**
   * The input as JSON text, once it is valid for the version.
   * @throws ServiceError `invalid_input`, which names the faulty fields below `/input` and holds no values
   */
  validate(version: ModelVersion, input: unknown, form: InputForm = 'pipeline'): JsonText {
    // Of all keys this one alone would be dropped in silence.
    if (Object.hasOwn(Object(input), '__proto__')) throw refusal([unknownProperty])
    const parsed = this.schemaOf(version, form).safeParse(input)
    if (parsed.success) return JSON.stringify(parsed.data)
    throw refusal(fieldErrors(parsed.error, ['input']))
  }

  private schemaOf({ id, manifest }: ModelVersion, form: InputForm): z.ZodType {
    const known = this.schemas[form].get(id)
    if (known) return known
    const schema = inputSchema(manifest, form, this.limits)
    this.schemas[form].set(id, schema)
    return schema
  }
}

function refusal(errors: FieldError[]): ServiceError {
  return new ServiceError('invalid_input', describeFieldErrors(errors), { errors })
}
