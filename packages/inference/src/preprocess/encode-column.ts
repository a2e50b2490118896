import {
  type CategoryColumn,
  type Column,
  type NumberColumn,
  scaled,
} from '@augur/core/models/pipelines/tabular'
import { InvalidInputError } from '../pipelines/pipeline.js'

/** What a column's value becomes in the model's input. Throws `InvalidInputError`, which names the column. */
export function encodeColumn(column: Column, value: unknown): (number | string)[] {
  const given = value ?? column.missing
  if (given === undefined) throw new InvalidInputError(`${column.name} is required`)
  if (column.kind === 'number') return [encodeNumber(column, given)]
  if (column.kind === 'category') return encodeCategory(column, given)
  if (typeof given !== 'string') throw new InvalidInputError(`${column.name} must be a string`)
  return [given]
}

function encodeNumber(column: NumberColumn, value: unknown): number {
  if (value === 'NaN') return Number.NaN
  if (typeof value !== 'number') throw new InvalidInputError(`${column.name} must be a number`)
  return scaled(column, value)
}

function encodeCategory(column: CategoryColumn, value: unknown): number[] {
  const { name, categories, encoding, unknown, missing } = column
  const place = (wanted: unknown) => categories.findIndex((category) => category === wanted)
  const known = place(value)
  const index = known === -1 && unknown === 'missing' ? place(missing) : known
  if (index === -1 && unknown === 'refuse')
    throw new InvalidInputError(`${name} must be one of its categories`)
  return encoding === 'index' ? [index] : categories.map((_, at) => (at === index ? 1 : 0))
}
