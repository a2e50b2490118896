import { ServiceError } from '../errors.js'
import { fileFields, isFileUrl } from '../models/inputs/file-fields.js'
import type { ModelVersion } from '../models/version.js'
import { checkOutboundUrl, type OutboundPolicy } from '../outbound/check-url.js'
import type { InputForm } from '../predictions/prediction.js'
import type { FileStore } from './file-store.js'
import { parseFileUrl } from './file-url.js'

export interface CheckFilesContext {
  files: FileStore
  outbound: OutboundPolicy
  tenant: string
  now(): number
}

/**
 * Refuses an input whose URLs lead to no file of the tenant's, or where this server fetches nothing from. Nothing is
 * fetched here: that is up to the worker. True when it has to fetch something.
 * @throws ServiceError `invalid_input` or `url_not_allowed`
 */
export async function checkInputFiles(
  context: CheckFilesContext,
  { manifest }: ModelVersion,
  input: unknown,
  form: InputForm,
): Promise<boolean> {
  let isRemote = false
  for (const field of fileFields(manifest, form)) {
    const value: unknown = new Map(Object.entries(Object(input))).get(field)
    if (isFileUrl(value) && (await checkUrl(context, field, value)) === 'remote') isRemote = true
  }
  return isRemote
}

async function checkUrl(context: CheckFilesContext, field: string, url: string): Promise<'own' | 'remote'> {
  const own = parseFileUrl(url)
  const file = own && (await context.files.read(context.tenant, own.id))
  if (file && file.expiresAt > context.now()) return 'own'
  if (own && !own.hasTicket) throw refusal('invalid_input', field, 'there is no file with this id')
  if (!checkOutboundUrl(url, context.outbound).ok)
    throw refusal('url_not_allowed', field, 'is not a URL that this server fetches from')
  return 'remote'
}

function refusal(code: 'invalid_input' | 'url_not_allowed', field: string, problem: string): ServiceError {
  const detail = `input.${field}: ${problem}`
  const at = { pointer: `/input/${field}`, code: code === 'invalid_input' ? 'invalid_value' : code, detail }
  return new ServiceError(code, detail, { errors: [at] })
}
