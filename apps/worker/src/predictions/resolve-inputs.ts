import type { FileStore } from '@augur/core/files/file-store'
import { parseFileUrl } from '@augur/core/files/file-url'
import { fileKey, type StoredFile } from '@augur/core/files/stored-file'
import { isFileUrl } from '@augur/core/models/inputs/file-fields'
import { findImageProblem } from '@augur/core/models/inputs/web-image'
import { type FetchLimits, type FetchResult, fetchBytes } from '@augur/core/outbound/fetch-bytes'
import type { GuardedAgent } from '@augur/core/outbound/guarded-agent'
import type { PayloadStore } from '@augur/core/payloads/payload-store'
import type { InputForm, JsonText } from '@augur/core/predictions/prediction'
import type { FetchedFiles } from './fetch-ahead.js'

export interface ResolveContext {
  files: FileStore
  payloadStore: PayloadStore
  agent: GuardedAgent
  fetchLimits: FetchLimits
  fetched: FetchedFiles
  now(): number
}

export interface UnresolvedInput {
  /** Of its prediction, for which something may have been fetched ahead. */
  id?: string
  tenant: string
  form: InputForm
  input: JsonText
}

/** `message` names the property, and holds neither the URL nor what came of it. */
export type ResolvedInput =
  | { ok: true; input: JsonText }
  | { ok: false; code: 'invalid_input' | 'storage'; message: string }

export interface ResolveLimits {
  /** Ends what is fetched from others; what comes of the inputs is of no use then. */
  signal?: AbortSignal
  /** Beyond as many bytes of files, the inputs that are left are not looked at. */
  mostBytes?: number
  /** Nothing is fetched from others: an input that names such a file is refused. */
  isOwnOnly?: boolean
}

/** How many files are on their way at a time. */
const atATime = 16

/**
 * Puts the bytes of files in place of their URLs: of the tenant's own ones from where they are kept, of others over the
 * network. What several inputs of one tenant name is read once. Never rejects. Gives the first inputs only, and at least
 * one of them, where a limit says so.
 */
export async function resolveInputs(
  context: ResolveContext,
  fields: readonly string[],
  inputs: readonly UnresolvedInput[],
  { signal, mostBytes = Number.POSITIVE_INFINITY, isOwnOnly = false }: ResolveLimits = {},
): Promise<ResolvedInput[]> {
  const known = new Map<string, Promise<FetchResult>>()
  const readOnce = ({ id, tenant }: UnresolvedInput, url: string) => {
    const name = `${tenant} ${url}`
    const ahead = id === undefined ? undefined : context.fetched.take(id, url)
    const reading = ahead
      ? Promise.resolve(ahead)
      : (known.get(name) ?? readUrl(context, tenant, url, { signal, isOwnOnly }))
    known.set(name, reading)
    return reading
  }
  // Seen without parsing, which for an image costs more than everything else here.
  const url = new RegExp(`"(?:${fields.join('|')})":"https?:`, 'i')
  const resolve = async (each: UnresolvedInput): Promise<ResolvedInput> =>
    fields.length > 0 && each.form === 'pipeline' && url.test(each.input)
      ? resolveInput(fields, each.input, (wanted) => readOnce(each, wanted))
      : { ok: true, input: each.input }
  const some = Math.max(1, Math.min(atATime, Math.floor(mostBytes / context.fetchLimits.maxBytes)))
  const isStopped = () => signal?.aborted === true
  const resolved: ResolvedInput[] = []
  let bytes = 0
  do {
    const next = inputs.slice(resolved.length, resolved.length + some)
    const outcomes = await Promise.all(next.map(resolve))
    resolved.push(...outcomes)
    bytes += outcomes.reduce((sum, outcome, i) => sum + addedBytes(outcome, next[i]), 0)
  } while (resolved.length < inputs.length && bytes < mostBytes && !isStopped())
  return resolved
}

/** By files; those who give their bytes themselves have them in memory already. */
function addedBytes(outcome: ResolvedInput, given: UnresolvedInput | undefined): number {
  return outcome.ok && given ? outcome.input.length - given.input.length : 0
}

async function resolveInput(
  fields: readonly string[],
  input: JsonText,
  read: (url: string) => Promise<FetchResult>,
): Promise<ResolvedInput> {
  const values: Record<string, unknown> = JSON.parse(input)
  for (const field of fields) {
    const url = values[field]
    if (!isFileUrl(url)) continue
    const found = await read(url).catch(() => null)
    if (!found) return { ok: false, code: 'storage', message: `${field}: the file could not be read` }
    if (!found.ok) return refuse(`${field}: the file ${found.reason}`)
    const base64 = found.bytes.toString('base64')
    if (findImageProblem(base64)) return refuse(`${field}: the file is no PNG, JPEG or WebP`)
    values[field] = base64
  }
  return { ok: true, input: JSON.stringify(values) }
}

function refuse(message: string): ResolvedInput {
  return { ok: false, code: 'invalid_input', message }
}

async function readUrl(
  context: ResolveContext,
  tenant: string,
  url: string,
  { signal, isOwnOnly }: Pick<ResolveLimits, 'isOwnOnly'> & { signal: AbortSignal | undefined },
): Promise<FetchResult> {
  const own = parseFileUrl(url)
  const file = own && (await context.files.read(tenant, own.id))
  if (file) return readFile(context, file)
  if (own && !own.hasTicket) return { ok: false, reason: 'does not exist any more' }
  if (isOwnOnly) return { ok: false, reason: 'is not kept here' }
  return fetchBytes(context.agent, url, context.fetchLimits, signal)
}

async function readFile(context: ResolveContext, file: StoredFile): Promise<FetchResult> {
  const { maxBytes } = context.fetchLimits
  if (file.expiresAt <= context.now()) return { ok: false, reason: 'does not exist any more' }
  if (file.sizeBytes > maxBytes) return { ok: false, reason: `is larger than ${maxBytes} bytes` }
  const bytes = await context.payloadStore.get(fileKey(file))
  return bytes ? { ok: true, bytes } : { ok: false, reason: 'does not exist any more' }
}
