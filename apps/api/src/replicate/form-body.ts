import { ServiceError } from '@augur/core/errors'
import type { Context } from 'hono'
import { treacherous } from '../middleware/json-keys.js'
import { type JsonLimits, readJson } from '../middleware/read-json.js'

const selectors: ReadonlySet<string> = new Set(['model', 'version'])
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

async function toDataUri(file: File): Promise<string> {
  const content = Buffer.from(await file.arrayBuffer()).toString('base64')
  return `data:${file.type || 'application/octet-stream'};base64,${content}`
}

function fromText(text: string, limits: JsonLimits): unknown {
  if (!number.test(text) && !/^[[{]/.test(text)) return text
  const read = readJson(text, limits)
  if (read.ok) return read.value
  if (read.isSyntax) return text
  throw new ServiceError('invalid_json', `A part of the form ${read.fault}.`)
}

/** As in a JSON object. */
function badName(name: string): ServiceError {
  const detail = treacherous.has(name) ? `A part of the form is named ${name}.` : 'The form has a part twice.'
  return new ServiceError('invalid_request', detail)
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
export async function readFormBody(c: Context, limits: JsonLimits): Promise<Record<string, unknown>> {
  const body: Record<string, unknown> = {}
  const input: [string, unknown][] = []
  const names = new Set<string>()
  for (const [name, part] of await readForm(c)) {
    if (treacherous.has(name) || names.has(name)) throw badName(name)
    names.add(name)
    if (typeof part === 'string' && selectors.has(name)) body[name] = part
    else input.push([name, typeof part === 'string' ? fromText(part, limits) : await toDataUri(part)])
  }
  return { ...body, input: Object.fromEntries(input) }
}
