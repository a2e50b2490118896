import { parseFileUrl } from '@augur/core/files/file-url'
import { isFileUrl } from '@augur/core/models/inputs/file-fields'
import { type FetchLimits, type FetchResult, fetchBytes } from '@augur/core/outbound/fetch-bytes'
import type { GuardedAgent } from '@augur/core/outbound/guarded-agent'
import type { Payloads } from '@augur/core/payloads/payloads'
import { isTerminal, type Prediction } from '@augur/core/predictions/prediction'
import type { PredictionStore } from '@augur/core/predictions/prediction-store'
import type { Logger } from '@augur/core/telemetry/logger'
import { traceFields } from '@augur/core/telemetry/trace-fields'
import type { FetchPlaces } from './fetch-places.js'

const mostBytes = 256 * 1024 * 1024

/** What was fetched for predictions that have no runner yet: each is taken once, or dropped with its prediction. */
export class FetchedFiles {
  private readonly found = new Map<string, Map<string, FetchResult>>()
  private bytes = 0

  /** Keeps room for what is about to be fetched, unless others have it; gives what frees it again. */
  reserve(bytes: number): (() => void) | null {
    if (this.bytes > 0 && this.bytes + bytes > mostBytes) return null
    this.bytes += bytes
    return () => {
      this.bytes -= bytes
    }
  }

  put(prediction: string, url: string, result: FetchResult): void {
    this.take(prediction, url)
    const files = this.found.get(prediction) ?? new Map<string, FetchResult>()
    this.found.set(prediction, files.set(url, result))
    this.bytes += sizeOf(result)
  }

  take(prediction: string, url: string): FetchResult | undefined {
    const files = this.found.get(prediction)
    const result = files?.get(url)
    if (!files || !result) return undefined
    files.delete(url)
    if (files.size === 0) this.found.delete(prediction)
    this.bytes -= sizeOf(result)
    return result
  }

  /** Nobody will take what is left for that one. */
  drop(prediction: string): void {
    for (const url of this.found.get(prediction)?.keys() ?? []) this.take(prediction, url)
  }
}

const sizeOf = (result: FetchResult) => (result.ok ? result.bytes.length : 0)

interface FetchAheadContext {
  predictions: Pick<PredictionStore, 'read'>
  payloads: Payloads
  agent: GuardedAgent
  fetchLimits: FetchLimits
  fetched: FetchedFiles
  logger: Logger
}

/** `ready`: it can be run. `later`: too much is being fetched already. */
export type FetchedAhead = 'ready' | 'later'

/**
 * Fetches what the input of a prediction names at other hosts, before it takes a run slot and a runner: a host that
 * answers slowly must not keep those from others. Never rejects; what is missing afterwards is fetched when it runs.
 */
export async function fetchAhead(
  context: FetchAheadContext,
  fields: readonly string[],
  id: string,
  { places, signal }: { places: FetchPlaces; signal: AbortSignal },
): Promise<FetchedAhead> {
  if (places.isFull) return 'later'
  let prediction: Prediction | null = null
  try {
    prediction = await context.predictions.read(id)
    if (!prediction || isTerminal(prediction.status)) return 'ready'
    const urls = await remoteUrls(context, fields, prediction)
    const names = [`tenant ${prediction.tenant}`, ...new Set(urls.map((url) => `host ${new URL(url).host}`))]
    const leave = urls.length === 0 ? undefined : places.take(names)
    if (leave === undefined) return 'ready'
    const free = leave && context.fetched.reserve(urls.length * context.fetchLimits.maxBytes)
    try {
      return free ? await fetchAll(context, id, urls, signal) : 'later'
    } finally {
      free?.()
      leave?.()
    }
  } catch (error) {
    const ids = { prediction: id, ...traceFields(prediction?.traceparent) }
    context.logger.warn({ err: error, ...ids }, 'a file could not be fetched ahead')
    return 'ready'
  }
}

async function remoteUrls(
  { payloads }: FetchAheadContext,
  fields: readonly string[],
  { input }: Prediction,
): Promise<string[]> {
  const values = new Map(Object.entries(Object(JSON.parse((await payloads.read(input)) ?? '{}'))))
  const urls = fields.map((field) => values.get(field)).filter(isFileUrl)
  return urls.filter((url) => !parseFileUrl(url))
}

async function fetchAll(
  { agent, fetchLimits, fetched }: FetchAheadContext,
  id: string,
  urls: readonly string[],
  signal: AbortSignal,
): Promise<FetchedAhead> {
  for (const url of urls) {
    const result = await fetchBytes(agent, url, fetchLimits, signal)
    if (!signal.aborted) fetched.put(id, url, result)
  }
  return 'ready'
}
