import type { Tickets } from '../access/tickets.js'
import type { JsonText } from '../predictions/prediction.js'
import type { Batch } from './batch.js'

export interface RenderBatchOptions {
  /** Root of the predictions dialect as the caller reaches it. */
  baseUrl: string
  tickets: Pick<Tickets, 'issue'>
}

const isoTime = (timeMs: number) => new Date(timeMs).toISOString()

/** The public form of a batch as JSON text: what `GET` answers and what its webhook carries. */
export function renderBatch(batch: Batch, { baseUrl, tickets }: RenderBatchOptions): JsonText {
  const { id, tenant, startedAt, stoppedAt, endedAt, total, completed, failed } = batch
  const url = `${baseUrl}/batches/${id}`
  const ticket = tickets.issue({ purpose: 'batch', id, tenant, expiresAt: null })
  const ticketed = (name: string) => `${url}/${name}?ticket=${ticket}`
  return JSON.stringify({
    id,
    model: batch.model,
    version: batch.version,
    version_label: batch.label,
    status: batch.status,
    request_counts: { total, completed, failed },
    ...(batch.stop === 'version_gone' && {
      error: 'The version was removed before the batch was done.',
      error_code: batch.stop,
    }),
    metadata: batch.metadata,
    data_removed: batch.dataRemoved,
    created_at: isoTime(batch.createdAt),
    expires_at: isoTime(batch.expiresAt),
    ...(startedAt !== null && { started_at: isoTime(startedAt) }),
    ...(stoppedAt !== null && batch.stop === 'canceled' && { cancelling_at: isoTime(stoppedAt) }),
    ...(endedAt !== null && { completed_at: isoTime(endedAt) }),
    ...(batch.webhook !== null && { webhook: batch.webhook }),
    urls: {
      get: url,
      cancel: `${url}/cancel`,
      results: ticketed('results'),
      errors: ticketed('errors'),
      stream: ticketed('stream'),
    },
  })
}
