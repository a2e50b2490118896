import { z } from '@hono/zod-openapi'
import { deepestJson } from '../middleware/read-body.js'
import { nestsDeeperThan } from '../middleware/json-depth.js'
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
export function readMetadata(text: string | undefined): Record<string, unknown> {
  if (text === undefined || text.trim() === '') return {}
  if (nestsDeeperThan(deepestJson, text)) throw refusal('metadata', `nests deeper than ${deepestJson} levels`)
  const parsed = metadataSchema.safeParse(parse(text))
  if (!parsed.success) throw refusal('metadata', 'must be a JSON object')
  return parsed.data
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
