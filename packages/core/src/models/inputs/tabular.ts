import { z } from 'zod'
import { elementRules } from '../../tensors/element-rule.js'
import type { ElementType, Manifest } from '../manifest.js'
import {
  canHold,
  type CategoryColumn,
  type Column,
  type NumberColumn,
  scaled,
  type TabularSpec,
} from '../pipelines/tabular.js'
import { closedObject } from './closed-object.js'

/** A value for each column, by its name. */
export function tabularInput(manifest: Manifest, { columns }: TabularSpec): z.ZodType {
  return closedObject(Object.fromEntries(columns.map((column) => [column.name, valueOf(column, manifest)])))
}

/** What a model that predicts a number answers. */
export const predictedValue = z.strictObject({ value: z.number().describe('The predicted number.') })

function valueOf(column: Column, manifest: Manifest): z.ZodType {
  const value = requiredValueOf(column, manifest)
  return column.missing === undefined ? value : value.nullish().meta({ default: column.missing })
}

function requiredValueOf(column: Column, { inputs }: Manifest): z.ZodType {
  if (column.kind === 'number') {
    const input = inputs.find(({ name }) => name === (column.input ?? inputs[0]?.name))
    return numberOf(column, input?.type ?? 'float32')
  }
  if (column.kind === 'category') return categoryOf(column)
  return z
    .string(unlessMissing('must be a string'))
    .max(column.maxCharacters, `must hold at most ${column.maxCharacters} characters`)
    .refine((value) => canHold('string', value), elementRules.string.message)
}

function numberOf(column: NumberColumn, type: ElementType): z.ZodType {
  const { minimum, maximum } = column
  const kind = type.startsWith('float')
    ? z.number(unlessMissing('must be a number'))
    : z.int(unlessMissing('must be an integer'))
  const above = minimum === undefined ? kind : kind.min(minimum, `must be ${minimum} or more`)
  const between = maximum === undefined ? above : above.max(maximum, `must be ${maximum} or less`)
  return between.refine((value) => canHold(type, scaled(column, value)), {
    error: 'is beyond what the model can hold',
    when: ({ issues }) => issues.length === 0,
  })
}

function categoryOf({ categories, unknown }: CategoryColumn): z.ZodType {
  const error = unlessMissing('must be a string, a number or a boolean')
  if (unknown !== 'refuse') return z.union([z.string(), z.number(), z.boolean()], error)
  const listed = categories.slice(0, mostListed).map((value) => JSON.stringify(value))
  const rest = categories.length > mostListed ? `, or one of ${categories.length - mostListed} others` : ''
  return z.literal(categories, unlessMissing(`must be one of ${listed.join(', ')}${rest}`))
}

/** A message is for reading. */
const mostListed = 20

function unlessMissing(message: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => (input === undefined || input === null ? 'is required' : message) }
}
