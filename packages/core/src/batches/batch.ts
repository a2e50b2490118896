import type { BatchId } from '../ids.js'
import type { VersionId } from '../models/version.js'

/** In the words of OpenAI's Batch API. `in_progress` also covers the time before a worker has begun. */
export const batchStatuses = [
  'in_progress',
  'finalizing',
  'cancelling',
  'completed',
  'failed',
  'expired',
  'cancelled',
] as const
export type BatchStatus = (typeof batchStatuses)[number]
export type EndedBatchStatus = 'completed' | 'failed' | 'expired' | 'cancelled'

/** No batch may take longer: with its retention, this bounds the age of everything that is stored of it. */
export const longestBatchMs = 7 * 24 * 3_600_000

/** Why a batch ends before all of its lines have run. */
export const stopReasons = ['canceled', 'expired', 'version_gone'] as const
export type StopReason = (typeof stopReasons)[number]

/** What a caller asked for, and where its lines are: it never changes. */
export interface BatchRequest {
  tenant: string
  /** `owner/name`. */
  model: string
  version: VersionId
  label: string
  /** Milliseconds since 1970, as are all times here. */
  createdAt: number
  /** What has not run by then is left out. */
  expiresAt: number
  webhook: string | null
  metadata: Readonly<Record<string, string>> | null
  /** Its place in the trace of its request; left out where there is none. */
  traceparent?: string
  /** The folder of the payload store that holds its chunks. */
  folder: string
  /** Lines, those that are not valid included. */
  total: number
  /** Lines of each chunk. */
  chunkSizes: readonly number[]
}

export interface Batch extends BatchRequest {
  id: BatchId
  status: BatchStatus
  stop: StopReason | null
  /** Lines with a result, and lines with an error, so far. */
  completed: number
  failed: number
  /** Chunks that nobody will work on any more. */
  chunksDone: number
  startedAt: number | null
  stoppedAt: number | null
  endedAt: number | null
  dataRemoved: boolean
}

export function isEnded(status: BatchStatus): status is EndedBatchStatus {
  return status === 'completed' || status === 'failed' || status === 'expired' || status === 'cancelled'
}

/** How a batch ends that was stopped for this reason, or for none. */
export function endedStatusOf(stop: StopReason | null): EndedBatchStatus {
  if (stop === 'canceled') return 'cancelled'
  if (stop === 'expired') return 'expired'
  return stop === null ? 'completed' : 'failed'
}

/** Why lines have no result that were not run before their batch stopped. */
export const stopMessages: Record<StopReason, string> = {
  canceled: 'The batch was cancelled before this line was run.',
  expired: 'The batch expired before this line was run.',
  version_gone: 'The version was removed before this line was run.',
}
