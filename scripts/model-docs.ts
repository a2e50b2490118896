import { manifestSchema } from '@augur/core/models/manifest'
import { relativePath } from '@augur/core/models/relative-path'
import { z } from 'zod'

type Schema = z.core.JSONSchema.BaseSchema

interface Row {
  field: string
  value: string
  /** What holds where the field is left out. */
  fallback: string
  meaning: string
}

const pathPattern = z.toJSONSchema(relativePath).pattern

/** `models/README.md` with every table of fields written anew, from the schema of manifests. */
export function writeModelDocs(readme: string): string {
  const manifest = z.toJSONSchema(manifestSchema, { io: 'input', unrepresentable: 'any' })
  const tables = new Map([['manifest', tableOf(rowsOf(manifest, ''))]])
  for (const pipeline of alternatives(propertiesOf(manifest)['pipeline'])) {
    const name = String(propertiesOf(pipeline)['name']?.const)
    const rows = rowsOf(pipeline, '').filter(({ field }) => field !== 'name')
    tables.set(name, rows.length === 0 ? 'No further fields.' : tableOf(rows))
  }
  return [...tables].reduce((page, [name, table]) => replaceTable(page, name, table), readme)
}

/** The generated part stands between two comments, which the rest of the page is written around. */
function replaceTable(page: string, name: string, table: string): string {
  const [begin, end] = [`<!-- fields of ${name} -->`, `<!-- end of ${name} -->`]
  const [before, rest = ''] = page.split(begin)
  const [, after] = rest.split(end)
  if (before === undefined || after === undefined)
    throw new Error(`models/README.md needs a place for a table: ${begin} and ${end}`)
  return `${before}${begin}\n\n${table}\n\n${end}${after}`
}

function tableOf(rows: readonly Row[]): string {
  const lines = joinTwins(rows).map(
    ({ field, value, fallback, meaning }) => `| ${field} | ${value} | ${fallback} | ${meaning} |`,
  )
  return ['| field | value | if left out | meaning |', '| --- | --- | --- | --- |', ...lines].join('\n')
}

/** One row for fields that differ in nothing but where they stand, such as those of inputs and outputs. */
function joinTwins(rows: readonly Row[]): Row[] {
  const joined = new Map<string, Row>()
  for (const row of rows) {
    const key = [row.field.split('.').at(-1), row.value, row.fallback, row.meaning].join('|')
    const twin = joined.get(key)
    joined.set(key, { ...row, field: [twin?.field, code(row.field)].filter(Boolean).join(', ') })
  }
  return [...joined.values()]
}

function rowsOf(schema: Schema, prefix: string): Row[] {
  const required = new Set(schema.required)
  return Object.entries(propertiesOf(schema)).flatMap(([name, property]) => {
    const field = `${prefix}${name}`
    const row = rowOf(field, property, required.has(name))
    return row ? [row, ...nestedRows(property, field)] : nestedRows(property, field)
  })
}

/** undefined for an object that only groups others. */
function rowOf(field: string, property: Schema, isRequired: boolean): Row | undefined {
  const isGroup = property.properties !== undefined && property.description === undefined
  if (isGroup) return undefined
  const given = property.default === undefined || isEmpty(property.default) ? '' : code(property.default)
  const fallback = isRequired ? '**required**' : given
  return { field, value: describeValue(property), fallback, meaning: property.description ?? '' }
}

function nestedRows(property: Schema, field: string): Row[] {
  // Each pipeline has a table of its own.
  if (field === 'pipeline') return []
  if (property.properties) return rowsOf(property, `${field}.`)
  const items = property.items
  if (typeof items !== 'object' || Array.isArray(items)) return []
  if (items.properties) return rowsOf(items, `${field}[].`)
  return items.oneOf ? rowsOfKinds(alternatives(items), `${field}[].`) : []
}

/** Rows of objects of several kinds; what not all of them have says whose it is. */
function rowsOfKinds(kinds: readonly Schema[], prefix: string): Row[] {
  const discriminator = Object.entries(propertiesOf(kinds[0])).find(
    ([, { const: value }]) => value !== undefined,
  )
  const [field = ''] = discriminator ?? []
  const names = kinds.map((kind) => code(propertiesOf(kind)[field]?.const))
  const rows = kinds.flatMap((kind, index) =>
    rowsOf(kind, prefix).map((row) => ({ row, kind: names[index] ?? '' })),
  )
  const others = groupRows(rows.filter(({ row }) => row.field !== `${prefix}${field}`))
  return [
    { field: `${prefix}${field}`, value: names.join(', '), fallback: '**required**', meaning: 'What it is.' },
    ...others.map(({ row, of }) =>
      of.length === kinds.length ? row : { ...row, meaning: `${row.meaning} (${of.join(', ')})` },
    ),
  ]
}

function groupRows(rows: readonly { row: Row; kind: string }[]): { row: Row; of: string[] }[] {
  const groups = new Map<string, { row: Row; of: string[] }>()
  for (const { row, kind } of rows) {
    const key = JSON.stringify(row)
    const group = groups.get(key) ?? { row, of: [] }
    group.of.push(kind)
    groups.set(key, group)
  }
  return [...groups.values()]
}

function describeValue(schema: Schema): string {
  if (schema.const !== undefined) return code(schema.const)
  if (schema.enum) return schema.enum.map(code).join(', ')
  const choices = alternatives(schema)
  if (choices.length > 0) return [...new Set(choices.map(describeValue))].join(' or ')
  if (Array.isArray(schema.type)) return schema.type.map((type) => describeType(type, {})).join(' or ')
  return describeType(schema.type, schema)
}

function describeType(type: Schema['type'], schema: Schema): string {
  switch (type) {
    case 'integer':
    case 'number':
      return [type, describeRange(schema)].filter(Boolean).join(' ')
    case 'array':
      return typeof schema.items === 'object' && !Array.isArray(schema.items)
        ? `list of ${describeValue(schema.items)}`
        : 'list'
    case 'string':
      return schema.pattern === pathPattern ? 'path' : 'text'
    case 'null':
      return code(null)
    case undefined:
      return schema.properties ? 'object' : 'any JSON'
    default:
      return typeof type === 'string' ? type : 'any JSON'
  }
}

function describeRange({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const highest = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
  const lowest = minimum !== undefined && `from ${minimum}`
  const from = exclusiveMinimum === undefined ? lowest : `above ${exclusiveMinimum}`
  return [from, highest !== undefined && `to ${highest}`].filter(Boolean).join(' ')
}

function propertiesOf(schema: Schema | undefined): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(schema?.properties ?? {}).filter(
      (entry): entry is [string, Schema] => typeof entry[1] === 'object',
    ),
  )
}

function alternatives(schema: Schema | undefined): Schema[] {
  return [...(schema?.oneOf ?? []), ...(schema?.anyOf ?? [])].filter((each) => typeof each === 'object')
}

function isEmpty(value: unknown): boolean {
  return value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}
