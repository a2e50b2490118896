import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import { VerificationError } from '../verification-error.js'
import type { Dataset, Example } from './example.js'
import type { DatasetOptions } from './read-dataset.js'

/** What csv-parse gives with `info`; its types speak of the records alone. */
const parsedRows = z.array(z.object({ record: z.array(z.string()), info: z.object({ lines: z.int() }) }))
type Row = z.infer<typeof parsedRows>[number]

/**
 * Reads a CSV file with a header: each column is a field of the input, the label column aside. Numbers, `true` and
 * `false` become what they say; an empty cell is a missing value.
 * @throws VerificationError when it is no CSV
 */
export async function readCsv(path: string, { labelColumn }: DatasetOptions): Promise<Omit<Dataset, 'name'>> {
  const content = await readFile(path)
  const sha256 = createHash('sha256').update(content).digest('hex')
  const [header, ...rows] = parseRows(path, content)
  const names = header?.record ?? []
  if (new Set(names).size !== names.length) {
    throw new VerificationError(`${path}:1 names a column twice`)
  }
  const examples: Example[] = []
  const broken: Dataset['broken'] = []
  for (const { record, info } of rows) {
    const at = { file: path, line: info.lines }
    if (record.length !== names.length) {
      broken.push({ at, reason: `has ${record.length} cells, the header ${names.length}` })
      continue
    }
    const cells = names.map((name, index): [string, Cell] => [name, cellOf(record[index] ?? '')])
    const label = cells.find(([name]) => name === labelColumn)?.[1] ?? null
    const input = Object.fromEntries(cells.filter(([name]) => name !== labelColumn))
    examples.push({
      at,
      input: async () => input,
      label: typeof label === 'boolean' ? String(label) : label,
    })
  }
  return { sha256, examples, broken }
}

function parseRows(path: string, content: Buffer): Row[] {
  try {
    const rows: unknown = parse(content, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    })
    return parsedRows.parse(rows)
  } catch (error) {
    throw new VerificationError(
      `${path} is no CSV: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

type Cell = string | number | boolean | null

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

function cellOf(text: string): Cell {
  const trimmed = text.trim()
  if (trimmed === '') return null
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true'
  return number.test(trimmed) ? Number(trimmed) : text
}
