import type { z } from 'zod'
import type { FieldError } from './errors.js'

type Path = readonly PropertyKey[]

// Keys are the sender's own, and are shown: no more and no longer than a person can read.
const mostErrors = 20
const longestKey = 100

const shorten = (key: PropertyKey) => String(key).slice(0, longestKey)
const escapeToken = (token: string) => token.replaceAll('~', '~0').replaceAll('/', '~1')

function fieldError(path: Path, code: string, message: string): FieldError {
  const keys = path.map(shorten)
  const pointer = keys.map((key) => `/${escapeToken(key)}`).join('')
  return { pointer, code, detail: `${keys.join('.') || 'body'}: ${message}` }
}

function errorsOf(issue: z.core.$ZodIssue, root: Path): FieldError[] {
  const path = [...root, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, mostErrors)
      .map((key) => fieldError([...path, key], 'unknown_property', 'is not a known property'))
  }
  return [fieldError(path, issue.code === 'custom' ? 'invalid_value' : issue.code, issue.message)]
}

/** The faults that zod found, at JSON pointers below `root`. They name fields and rules, and hold no values. */
export function fieldErrors(error: z.core.$ZodError, root: Path = []): FieldError[] {
  return error.issues
    .slice(0, mostErrors)
    .flatMap((issue) => errorsOf(issue, root))
    .slice(0, mostErrors)
}

/** The same faults as one line of text. */
export function describeFieldErrors(errors: readonly FieldError[]): string {
  return errors.map(({ detail }) => detail).join('; ')
}
