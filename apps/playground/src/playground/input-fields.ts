/** What this page reads of a JSON Schema. */
export interface Schema {
  type?: string
  title?: string
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  items?: Schema
  default?: unknown
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  maxLength?: number
  contentMediaType?: string
  examples?: unknown[]
}

export const fieldKinds = ['image', 'text', 'number', 'choice', 'boolean', 'json'] as const
export type FieldKind = (typeof fieldKinds)[number]

export interface Field {
  name: string
  kind: FieldKind
  isRequired: boolean
  schema: Schema
}

export type Input = Record<string, unknown>

/** How each property of an input is asked for; empty where the schema names none, and JSON is all there is. */
export function fieldsOf({ properties = {}, required = [] }: Schema): Field[] {
  return Object.entries(properties).map(([name, property]) => {
    const schema = withoutNull(property)
    return { name, kind: kindOf(schema), isRequired: required.includes(name), schema }
  })
}

/** The fields to begin with, and those that most inputs do without. */
export function arrange(fields: readonly Field[]): { main: Field[]; more: Field[] } {
  const isMain = ({ kind, isRequired }: Field) => isRequired || kind === 'image'
  const main = fields.filter(isMain)
  if (main.length === 0) return { main: [...fields], more: [] }
  return { main, more: fields.filter((field) => !isMain(field)) }
}

function kindOf(schema: Schema): FieldKind {
  const { type, enum: choices, contentMediaType = '', anyOf = [] } = schema
  if (choices) return 'choice'
  if (type === 'boolean') return 'boolean'
  if (type === 'number' || type === 'integer') return 'number'
  if (type === 'string') return contentMediaType.startsWith('image/') ? 'image' : 'text'
  return anyOf.some((each) => each.type === 'string') ? 'text' : 'json'
}

/** A property that may be null can as well be left out. */
function withoutNull(schema: Schema): Schema {
  const { anyOf, ...rest } = schema
  const left = anyOf?.filter(({ type }) => type !== 'null') ?? []
  const [only] = left
  return only && left.length === 1 ? { ...only, ...rest } : schema
}

/** The example that the version came with. */
export function exampleOf({ examples = [] }: Schema): Input | null {
  const [example] = examples
  return isInput(example) ? example : null
}

export function isInput(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The input with that property, or without it. */
export function withValue(input: Input, name: string, value: unknown): Input {
  const { [name]: _, ...others } = input
  return value === undefined ? others : { ...input, [name]: value }
}

/** Sides of the square whose pixels a list of numbers of this schema may be; null for any other. */
export function squareOf({ type, minItems, maxItems, items }: Schema): number | null {
  const side = Math.sqrt(maxItems ?? 0)
  const isSquare = type === 'array' && minItems === maxItems && Number.isInteger(side) && side > 1
  return isSquare && items?.type !== 'string' ? side : null
}
