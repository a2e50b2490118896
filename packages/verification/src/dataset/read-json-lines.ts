import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Dataset, Example, Place } from './example.js'

const line = z.strictObject({
  input: z.record(z.string(), z.unknown()),
  label: z.union([z.string(), z.number(), z.boolean()]).nullish(),
  // Batches name their lines; a file that was made for one is a test set too.
  custom_id: z.string().optional(),
})

/** Reads lines of `{"input": …, "label": …}`. The label may be missing; empty lines are skipped. */
export async function readJsonLines(path: string): Promise<Omit<Dataset, 'name'>> {
  const content = await readFile(path)
  const sha256 = createHash('sha256').update(content).digest('hex')
  const examples: Example[] = []
  const broken: Dataset['broken'] = []
  for (const [index, text] of content.toString('utf8').split('\n').entries()) {
    if (text.trim() === '') continue
    const at: Place = { file: path, line: index + 1 }
    const parsed = parseLine(text)
    if (typeof parsed === 'string') broken.push({ at, reason: parsed })
    else examples.push({ at, input: async () => parsed.input, label: labelOf(parsed.label) })
  }
  return { sha256, examples, broken }
}

/** The line, or what is wrong with it. */
function parseLine(text: string): z.infer<typeof line> | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'is not JSON'
  }
  const parsed = line.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return `must be {"input": {…}, "label": …}${issue ? ` (${issue.path.join('.') || 'line'}: ${issue.message})` : ''}`
}

const labelOf = (label: string | number | boolean | null | undefined) =>
  typeof label === 'boolean' ? String(label) : (label ?? null)
