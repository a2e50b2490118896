import { getOpenApiMetadata, getRefId } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'

const head = `// Written by \`npm run client:types\` from the schemas that the server validates with.

`
const width = 110

/** The schemas that have a name, by it, as they are met. */
type Named = Map<string, z.ZodType>

/** TypeScript types of these schemas, and of all with a name that they hold, as biome would format them. */
export function writeClientTypes(schemas: readonly z.ZodType[]): string {
  const named: Named = new Map()
  for (const schema of schemas) typeOf(named, schema, '')
  const types = new Map<string, string>()
  // What is printed may name more of them.
  for (const [name, schema] of named) types.set(name, declarationOf(named, name, schema))
  const sorted = [...types].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return head + sorted.map(([, type]) => type).join('\n')
}

function declarationOf(named: Named, name: string, schema: z.ZodType): string {
  const type = structureOf(named, schema, '')
  const comment = commentOf(schema, '')
  if (schema instanceof z.ZodObject) return `${comment}export interface ${name} ${type}\n`
  return `${comment}export type ${name} = ${type}\n`
}

/** The type of a value: a name where the schema has one, else its structure. */
function typeOf(named: Named, schema: z.ZodType, indent: string): string {
  const name = isWrapper(schema.def.type) ? undefined : nameOf(schema)
  if (name === undefined) return structureOf(named, schema, indent)
  if (!named.has(name)) named.set(name, schema)
  return name
}

/** Browsers have types of their own by these names. */
const otherNames = new Map([['File', 'StoredFile']])

function nameOf(schema: z.ZodType): string | undefined {
  const name = getRefId(schema)
  return name === undefined ? undefined : (otherNames.get(name) ?? name)
}

const isWrapper = (type: string) => type === 'nullable' || type === 'optional'

function structureOf(named: Named, schema: z.ZodType, indent: string): string {
  if (schema instanceof z.ZodNullable) return `${innerOf(named, schema.def.innerType, indent)} | null`
  if (schema instanceof z.ZodOptional) return innerOf(named, schema.def.innerType, indent)
  if (schema instanceof z.ZodArray) return arrayOf(innerOf(named, schema.def.element, indent))
  if (schema instanceof z.ZodRecord) return `Record<string, ${innerOf(named, schema.def.valueType, indent)}>`
  if (schema instanceof z.ZodUnion) {
    return schema.def.options.map((option) => innerOf(named, option, indent)).join(' | ')
  }
  if (schema instanceof z.ZodEnum) return schema.options.map(literal).join(' | ')
  if (schema instanceof z.ZodLiteral) return schema.def.values.map(literal).join(' | ')
  if (schema instanceof z.ZodObject) return objectOf(named, schema, indent)
  if (plainTypes.has(schema.def.type)) return schema.def.type
  throw new Error(`there is no TypeScript for a schema of the type ${schema.def.type} yet`)
}

const plainTypes: ReadonlySet<string> = new Set(['string', 'number', 'boolean', 'null', 'unknown'])

/** What Zod types as the part of another schema. */
function innerOf(named: Named, schema: unknown, indent: string): string {
  if (schema instanceof z.ZodType) return typeOf(named, schema, indent)
  throw new Error('a schema holds what is none')
}

const arrayOf = (type: string) =>
  type.includes(' | ') && !type.startsWith('{') ? `(${type})[]` : `${type}[]`

const literal = (value: unknown) =>
  typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : String(value)

function objectOf(named: Named, schema: z.ZodObject, indent: string): string {
  const inside = `${indent}  `
  const lines = Object.entries(schema.shape).map(([key, field]) => {
    if (!(field instanceof z.ZodType)) throw new Error(`${key} is no schema`)
    const mark = field instanceof z.ZodOptional ? '?' : ''
    return commentOf(field, inside) + fieldLine(`${inside}${key}${mark}:`, typeOf(named, field, inside))
  })
  return ['{', ...lines, `${indent}}`].join('\n')
}

/** One line, or one for each member of a union where that were too long. */
function fieldLine(start: string, type: string): string {
  const line = `${start} ${type}`
  if (type.includes('\n') || line.length <= width) return line
  const indent = `${/^ */.exec(start)?.[0]}  `
  return [start, ...type.split(' | ').map((member) => `${indent}| ${member}`)].join('\n')
}

function descriptionOf(schema: z.ZodType): string | undefined {
  const description: unknown = getOpenApiMetadata(schema).description
  if (typeof description === 'string') return description
  const inner =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? schema.def.innerType : null
  return inner instanceof z.ZodType ? descriptionOf(inner) : undefined
}

function commentOf(schema: z.ZodType, indent: string): string {
  const description = descriptionOf(schema)
  return description === undefined ? '' : `${indent}/** ${description} */\n`
}
