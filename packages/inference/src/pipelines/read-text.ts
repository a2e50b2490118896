import type { TextSpec } from '@augur/core/models/pipelines/text'
import { InvalidInputError } from './pipeline.js'

/** A text of an input. Throws `InvalidInputError` for what is none, is empty or longer than the manifest allows. */
export function readText(value: unknown, field: string, { maxCharacters }: TextSpec): string {
  if (typeof value !== 'string') throw new InvalidInputError(`${field} must be a string`)
  if (value.trim() === '') throw new InvalidInputError(`${field} must not be empty`)
  if (value.length > maxCharacters)
    throw new InvalidInputError(`${field} must hold at most ${maxCharacters} characters`)
  return value
}
