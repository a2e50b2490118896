import type { BatchId } from '../ids.js'
import { type Batch, type BatchRequest, batchStatuses, stopReasons } from './batch.js'

/** The fields of a record's hash, as Redis answers them. */
type RecordFields = Record<string, string>

const timeOf = (value: string | undefined) => (value === undefined ? null : Number(value))

function requestOf(text: string | undefined): BatchRequest {
  if (text === undefined) throw new Error('batch record holds no request')
  const request: BatchRequest = JSON.parse(text)
  return request
}

/** @throws Error when a field holds what no version of this program wrote. */
export function decodeBatch(id: BatchId, fields: RecordFields): Batch {
  const status = batchStatuses.find((word) => word === fields.status)
  if (status === undefined) throw new Error('batch record holds an unknown status')
  return {
    id,
    ...requestOf(fields.request),
    status,
    stop: stopReasons.find((word) => word === fields.stop) ?? null,
    completed: Number(fields.completed ?? 0),
    failed: Number(fields.failed ?? 0),
    chunksDone: Number(fields.chunks_done ?? 0),
    startedAt: timeOf(fields.started_at),
    stoppedAt: timeOf(fields.stopped_at),
    endedAt: timeOf(fields.ended_at),
    dataRemoved: fields.data_removed === '1',
  }
}

/** Field and value pairs of a new batch. */
export function encodeBatch(request: BatchRequest): string[] {
  return [
    'request',
    JSON.stringify(request),
    'status',
    'in_progress',
    'chunks',
    String(request.chunkSizes.length),
  ]
}

/** The batch as it reads before anything of it has run. */
export function newBatch(id: BatchId, request: BatchRequest): Batch {
  const pairs = encodeBatch(request)
  const fields: RecordFields = {}
  for (let i = 0; i + 1 < pairs.length; i += 2) fields[pairs[i] ?? ''] = pairs[i + 1] ?? ''
  return decodeBatch(id, fields)
}
