import { type FileHandle, open, readFile, writeFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { type GetAnswer, get, RequestError } from '../../outbound/guarded-get.js'
import { versionNumber } from '../../version-number.js'
import type { RepositoryProblemCode } from '../repository-problem.js'
import type { ArtefactAddress, ArtefactSource } from './artefact-source.js'

export interface DownloadSettings {
  source: ArtefactSource
  /** How long a server may be silent. */
  idleMs?: number
  /** Attempts in a row that may bring nothing, and the delay after the first of them; each later one is doubled. */
  attempts?: number
  retryMs?: number
}

export interface Download extends DownloadSettings {
  url: string
  /** Longest file. Asked again and again: what is fetched beside it may count as well. */
  maxBytes(): number
  onBytes(bytes: number, totalBytes: number | undefined): void
  signal: AbortSignal
}

export type DownloadResult = { ok: true } | { ok: false; code: RepositoryProblemCode; reason: string }

type Attempt = DownloadResult | { retry: string }

const maxRetryMs = 30_000
const transient: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/**
 * Downloads into the file at `path`, going on where an earlier download of it ended. Network errors are tried again.
 * What arrived is not checked. Rejects with the signal's reason, or an error of the file system.
 */
export async function downloadFile(path: string, download: Download): Promise<DownloadResult> {
  const { attempts = 6, retryMs = 500, signal } = download
  const file = await open(path, 'a+').then((handle) => handle.close().then(() => open(path, 'r+')))
  try {
    for (let failures = 0, furthest = (await file.stat()).size; ; ) {
      const result = await attempt(file, path, download)
      if ('ok' in result) return result
      const { size } = await file.stat()
      failures = size > furthest ? 1 : failures + 1
      furthest = Math.max(size, furthest)
      if (failures >= attempts) return { ok: false, code: 'fetch_failed', reason: result.retry }
      const waitMs = Math.min(maxRetryMs, retryMs * 2 ** (failures - 1)) * (0.75 + Math.random() / 2)
      await delay(waitMs, undefined, { signal })
    }
  } finally {
    await file.close()
  }
}

async function attempt(file: FileHandle, path: string, download: Download): Promise<Attempt> {
  const { source, url, signal, idleMs = 30_000 } = download
  const { size } = await file.stat()
  const address = await source.locate(url)
  if (!address) return refused('cannot be fetched: AUGUR_S3_ENDPOINT is not set')
  try {
    const headers = { 'accept-encoding': 'identity', 'user-agent': `Augur/${versionNumber}` }
    const range = size > 0 ? await rangeHeaders(path, size) : {}
    const answer = await get(address.agent, {
      ...address,
      headers: { ...headers, ...range },
      idleMs,
      signal,
    })
    const start = judge(answer, address, size)
    if (typeof start !== 'number') {
      if (answer.status === 416 && 'retry' in start) await file.truncate(0)
      return start
    }
    if (start === 0) await startOver(file, path, answer.headers)
    return await receive(file, start, answer, download)
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    const message = `could not be fetched from ${hostOf(address)}: ${error.message}`
    return error.code === 'blocked_address' ? refused(message) : { retry: message }
  }
}

/** Where in the file the body goes, or why it is not taken. */
function judge(
  { status, headers, discard }: GetAnswer,
  address: ArtefactAddress,
  size: number,
): number | Attempt {
  if (status === 200) return 0
  const range = contentRange(headers)
  if (status === 206 && range?.start === size) return size
  discard()
  const reason = `could not be fetched from ${hostOf(address)}: it answered ${status}`
  if (status === 416 && range?.total === size) return { ok: true }
  // What there is of the file fits nothing there.
  if (status === 416 || status === 206) return { retry: reason }
  return transient.has(status) ? { retry: reason } : refused(reason)
}

async function receive(
  file: FileHandle,
  start: number,
  { headers, body }: GetAnswer,
  { maxBytes, onBytes }: Download,
): Promise<Attempt> {
  const length = Number(headers['content-length'] ?? Number.NaN)
  const totalBytes = Number.isFinite(length) ? start + length : undefined
  let bytes = start
  const isTooLarge = () => Math.max(bytes, totalBytes ?? 0) > maxBytes()
  onBytes(bytes, totalBytes)
  for await (const chunk of body) {
    if (isTooLarge()) return tooLarge(maxBytes())
    await writeAll(file, chunk, bytes)
    bytes += chunk.length
    onBytes(bytes, totalBytes)
  }
  return isTooLarge() ? tooLarge(maxBytes()) : { ok: true }
}

function tooLarge(maxBytes: number): DownloadResult {
  const reason = `is larger than the ${maxBytes} bytes that AUGUR_MAX_MODEL_BYTES leaves for it`
  return { ok: false, code: 'too_large', reason }
}

async function writeAll(file: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done)
    done += bytesWritten
  }
}

/** Empties the file and notes by what a later download can tell that the remote file is still the same. */
async function startOver(file: FileHandle, path: string, headers: IncomingHttpHeaders): Promise<void> {
  await file.truncate(0)
  const { etag, 'last-modified': modified } = headers
  const validator = etag && !etag.startsWith('W/') ? etag : modified
  await writeFile(validatorFile(path), validator ?? '')
}

async function rangeHeaders(path: string, size: number): Promise<Record<string, string>> {
  const validator = await readFile(validatorFile(path), 'utf8').catch(() => '')
  return { range: `bytes=${size}-`, ...(validator !== '' && { 'if-range': validator }) }
}

/** The file beside a partial download that holds its ETag or date. */
export function validatorFile(path: string): string {
  return `${path}.validator`
}

function contentRange(
  headers: IncomingHttpHeaders,
): { start: number | undefined; total: number } | undefined {
  const [, start, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? []
  if (total === undefined) return undefined
  return { start: start === undefined ? undefined : Number(start), total: Number(total) }
}

function refused(reason: string): DownloadResult {
  return { ok: false, code: 'fetch_failed', reason }
}

/** Without path and query, which may hold a signature. */
function hostOf({ url }: ArtefactAddress): string {
  return URL.canParse(url) ? new URL(url).host : 'a malformed URL'
}
