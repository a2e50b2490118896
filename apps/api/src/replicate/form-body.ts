import { ServiceError } from '@augur/core/errors'
import type { Context } from 'hono'
import { holdsMoreThan, nestsDeeperThan } from '../middleware/json-depth.js'
import { deepestJson, mostJsonValues } from '../middleware/read-body.js'

const selectors: ReadonlySet<string> = new Set(['model', 'version'])
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

async function toDataUri(file: File): Promise<string> {
  const content = Buffer.from(await file.arrayBuffer()).toString('base64')
  return `data:${file.type || 'application/octet-stream'};base64,${content}`
}

function fromText(text: string): unknown {
  if (!number.test(text) && !/^[[{]/.test(text)) return text
  if (nestsDeeperThan(deepestJson, text)) {
    throw new ServiceError('invalid_json', `A part of the form nests deeper than ${deepestJson} levels.`)
  }
  if (holdsMoreThan(mostJsonValues, text)) {
    throw new ServiceError('invalid_json', `A part of the form holds more than ${mostJsonValues} values.`)
  }
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function readForm(c: Context): Promise<FormData> {
  try {
    return await c.req.formData()
  } catch (cause) {
    throw new ServiceError('invalid_request', 'The form could not be parsed.', { cause })
  }
}

/**
 * A form as the JSON body that means the same: files become data URIs; numbers, arrays and objects in text parts are
 * taken as JSON, other text as a string. `model` and `version` choose the version, every other part is input.
 */
export async function readFormBody(c: Context): Promise<Record<string, unknown>> {
  const body: Record<string, unknown> = {}
  const input: [string, unknown][] = []
  for (const [name, part] of await readForm(c)) {
    if (typeof part === 'string' && selectors.has(name)) body[name] = part
    else input.push([name, typeof part === 'string' ? fromText(part) : await toDataUri(part)])
  }
  return { ...body, input: Object.fromEntries(input) }
}
