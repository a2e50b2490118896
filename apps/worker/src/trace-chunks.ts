import type { Batch } from '@augur/core/batches/batch'
import type { Tracing } from '@augur/core/telemetry/tracing'
import type { RunTimings } from '@augur/inference/runner/protocol'
import { traceRun } from './trace-predictions.js'

/** One attempt at a chunk of a batch, while it lasts. */
export interface ChunkTrace {
  ran(timings: RunTimings): void
  /** `isDone` unless it was given back, or goes to another worker. */
  end(lines: { completed: number; failed: number; isDone: boolean }): void
}

/** Begins a span in the trace of the request that created the batch; null where that has none. */
export function traceChunk(
  tracing: Tracing | null,
  { id, model, label, traceparent: parent, chunkSizes }: Batch,
  chunk: number,
  startMs: number,
): ChunkTrace | null {
  if (tracing === null || parent === undefined) return null
  const span = tracing.start('batch.chunk', {
    kind: 'consumer',
    parent,
    startMs,
    attributes: {
      'augur.batch.id': id,
      'augur.batch.chunk': chunk,
      'augur.batch.chunk.lines': chunkSizes[chunk] ?? 0,
      'augur.model': model,
      'augur.label': label,
    },
  })
  return {
    ran: (timings) => traceRun(tracing, span.traceparent, timings),
    end: ({ completed, failed, isDone }) =>
      span.end({
        attributes: { 'augur.batch.chunk.completed': completed, 'augur.batch.chunk.failed': failed },
        ...(!isDone && { error: 'given back' }),
      }),
  }
}
