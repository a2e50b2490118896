import { ServiceError } from '@augur/core/errors'
import { describeFieldErrors, fieldErrors } from '@augur/core/field-errors'
import { z } from '@hono/zod-openapi'

/** A refusal of one part of a request, for what its schema cannot tell. */
export function invalidInput(path: (string | number)[], message: string): ServiceError {
  const errors = fieldErrors(new z.ZodError([{ code: 'custom', path, message, input: undefined }]))
  return new ServiceError('invalid_input', describeFieldErrors(errors), { errors })
}
