import type { Batch, BatchPage } from '@augur/client/types'
import { useCallback } from 'preact/hooks'
import { pathOfUrl } from '../server/server.js'
import { usePolled } from '../server/use-polled.js'
import { useServer } from '../server/use-server.js'
import { Badge } from '../ui/badge.js'
import { Bar } from '../ui/bar.js'
import { formatAge, formatCount } from '../ui/format.js'
import { useNow } from '../ui/use-now.js'
import { useAction } from '../ui/use-action.js'

const everyMs = 2000
const length = 20

/** The newest batches and how far they are. */
export function BatchesTable() {
  const server = useServer()
  const action = useAction()
  const read = useCallback(
    async () => (await server.request<BatchPage>(`/api/v1/batches?limit=${length}`)).results,
    [server],
  )
  const { value, error, reload } = usePolled(read, everyMs)
  const cancel = ({ id }: Batch) =>
    void action.run(async () => {
      await server.request(`/api/v1/batches/${id}/cancel`, { method: 'POST' })
      await reload()
    })
  return (
    <section class="panel" aria-labelledby="batches-title">
      <h2 id="batches-title">Batches</h2>
      <p class="error" role="alert">
        {action.error || error}
      </p>
      {value?.length === 0 && <p class="empty">No batch yet.</p>}
      {value && value.length > 0 && (
        <div class="scroll" tabIndex={0} role="group" aria-labelledby="batches-title">
          <table>
            <thead>
              <tr>
                {['Batch', 'Status', 'Progress', 'Failed', 'Created', 'Files'].map((column) => (
                  <th key={column} scope="col" class={column === 'Failed' ? 'number' : undefined}>
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {value.map((batch) => (
                <BatchRow key={batch.id} batch={batch} onCancel={() => cancel(batch)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function BatchRow({ batch, onCancel }: { batch: Batch; onCancel(): void }) {
  const now = useNow(1000)
  const { id, model, version_label: label, status, created_at: createdAt, urls } = batch
  const { total, completed, failed } = batch.request_counts
  const isOpen = status === 'in_progress' || status === 'finalizing'
  const share = total === 0 ? 0 : (completed + failed) / total
  return (
    <tr>
      <th scope="row">
        <span class="version-model">{model}</span> <b>{label}</b>
        <code class="version-id">{id.slice(-8)}</code>
      </th>
      <td data-column="Status">
        <Badge status={status} />
      </td>
      <td class="progress wide" data-column="Progress">
        <Bar share={share} tone={status === 'completed' ? 'accent' : 'muted'} />
        <span class="number">
          {formatCount(completed + failed)} / {formatCount(total)}
        </span>
      </td>
      <td class="number" data-column="Failed">
        {formatCount(failed)}
      </td>
      <td data-column="Created">
        <time dateTime={createdAt}>{formatAge(createdAt, now)}</time>
      </td>
      <td class="wide" data-column="Files">
        {isOpen ? (
          <button type="button" class="small" aria-label={`Cancel batch ${id.slice(-8)}`} onClick={onCancel}>
            Cancel
          </button>
        ) : (
          <>
            <a href={pathOfUrl(urls.results)}>results</a> <a href={pathOfUrl(urls.errors)}>errors</a>
          </>
        )}
      </td>
    </tr>
  )
}
