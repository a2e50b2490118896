import { z } from '@hono/zod-openapi'
import { type JsonLimits, readJson } from '../middleware/read-json.js'
import { refusal } from './upload-form.js'

const longestName = 255
const metadataSchema = z.record(z.string(), z.unknown())

/** The name of a file, without folders and without what a terminal or a header would not take. */
export function nameOf(given: string | undefined): string {
  const [last = ''] = (given ?? '').split(/[/\\]/).slice(-1)
  const shown = last.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '').trim()
  // A character must not be cut in two.
  const name = shown.slice(0, longestName).replace(/\p{Cs}$/u, '')
  return name === '' || name === '.' || name === '..' ? 'file' : name
}

/**
 * The object that the part `metadata` holds; an empty one where there is none.
 * @throws ServiceError `invalid_input`
 */
export function readMetadata(text: string | undefined, limits: JsonLimits): Record<string, unknown> {
  if (text === undefined || text.trim() === '') return {}
  const read = readJson(text, limits)
  if (!read.ok && !read.isSyntax) throw refusal('metadata', read.fault)
  const parsed = metadataSchema.safeParse(read.ok ? read.value : undefined)
  if (!parsed.success) throw refusal('metadata', 'must be a JSON object')
  return parsed.data
}
