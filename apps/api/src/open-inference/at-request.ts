import { type FieldError, ServiceError } from '@augur/core/errors'
import { describeFieldErrors } from '@augur/core/field-errors'
import { placeOf } from './flatten.js'
import type { InferRequest, RequestInput } from './schemas.js'
import { isNested } from './tensor-inputs.js'

// Core cuts longer keys.
const longestKey = 100

/**
 * A refusal by core, of the request as it was sent: what lies below `/input/<name>` there lies below `/inputs/<index>`
 * here. Any other error stays as it is.
 */
export function atRequest(error: unknown, { inputs }: InferRequest): unknown {
  if (!(error instanceof ServiceError) || error.code !== 'invalid_input') return error
  const errors = error.errors.map((each) => moveError(each, inputs))
  return new ServiceError('invalid_input', describeFieldErrors(errors), { errors })
}

const unescape = (token: string) => token.replaceAll('~1', '/').replaceAll('~0', '~')

function moveError({ pointer, code, detail }: FieldError, inputs: readonly RequestInput[]): FieldError {
  const keys = pointer.split('/').slice(1).map(unescape)
  const message = detail.slice(`${keys.join('.')}: `.length)
  const [, name = '', ...rest] = keys
  const index = inputs.findIndex((input) => input.name.slice(0, longestKey) === name)
  const input = inputs[index]
  if (input === undefined) return { pointer: '/inputs', code, detail: `inputs: ${name} ${message}` }
  const moved = ['inputs', index, ...placeIn(input, rest)]
  return { pointer: `/${moved.join('/')}`, code, detail: `${moved.join('.')}: ${message}` }
}

/** From the encoded tensor to what was sent: bytes have no place of their own, a nested element has several keys. */
function placeIn(input: RequestInput, rest: string[]): (string | number)[] {
  const [part, element] = rest
  if (part === 'base64') return []
  if (part !== 'data' || element === undefined || !isNested(input)) return rest
  return ['data', ...placeOf(Number(element), input.shape)]
}
