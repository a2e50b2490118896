import { z } from 'zod'
import { ServiceError } from '../errors.js'
import { describeFieldErrors, fieldErrors } from '../field-errors.js'
import type { InputSchemas } from '../models/input-schemas.js'
import type { ModelVersion } from '../models/version.js'
import { encodeInvalidLine, encodeValidLine, type LineFailure } from './chunk-lines.js'

/** A line as it came: its JSON value, or what is wrong with its text. */
export type GivenLine = { kind: 'parsed'; value: unknown } | { kind: 'malformed'; failure: LineFailure }

/** What a line is; the input is looked at by the schema of the version. */
export const lineSchema = z.strictObject(
  {
    custom_id: z.string().min(1).max(200).nullish(),
    input: z.custom<unknown>((value) => value !== undefined, 'is required'),
  },
  { error: 'must be an object' },
)

const repeatedId: LineFailure = {
  error: 'custom_id: another line of this batch has the same',
  error_code: 'invalid_input',
  errors: [
    { pointer: '/custom_id', code: 'repeated', detail: 'custom_id: another line of this batch has the same' },
  ],
}

/** Checks the lines of one batch, each by itself: what is wrong with one is that line's failure and nothing else. */
export class LineChecker {
  private readonly seen = new Set<string>()

  constructor(
    private readonly inputSchemas: Pick<InputSchemas, 'validate'>,
    private readonly version: ModelVersion,
  ) {}

  /** The line as its chunk holds it. */
  check(given: GivenLine): string {
    if (given.kind === 'malformed') return encodeInvalidLine('null', given.failure)
    const parsed = lineSchema.safeParse(given.value)
    if (!parsed.success) return encodeInvalidLine('null', failureOf(parsed.error))
    const { custom_id: customId, input } = parsed.data
    const id = JSON.stringify(customId ?? null)
    if (customId != null && this.seen.has(customId)) return encodeInvalidLine(id, repeatedId)
    if (customId != null) this.seen.add(customId)
    try {
      return encodeValidLine(id, this.inputSchemas.validate(this.version, input))
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      const { message, errors } = error
      return encodeInvalidLine(id, { error: message, error_code: 'invalid_input', errors })
    }
  }
}

function failureOf(error: z.ZodError): LineFailure {
  const errors = fieldErrors(error)
  return { error: describeFieldErrors(errors), error_code: 'invalid_input', errors }
}
