import { useCallback } from 'preact/hooks'
import { usePolled } from '../server/use-polled.js'
import { useServer } from '../server/use-server.js'
import { Badge } from '../ui/badge.js'
import { formatAge } from '../ui/format.js'
import { useNow } from '../ui/use-now.js'
import { useAction } from '../ui/use-action.js'
import type { Delivery } from './delivery.js'

const everyMs = 3000

interface DeliveriesTableProps {
  /** Where they are listed. */
  path: string
  title: string
  /** Said where there is none. */
  empty: string
}

/** Webhooks as they were delivered, or were not: each attempt can be read, and made once more. */
export function DeliveriesTable({ path, title, empty }: DeliveriesTableProps) {
  const server = useServer()
  const action = useAction()
  const read = useCallback(
    async () => (await server.request<{ results: Delivery[] }>(path)).results,
    [server, path],
  )
  const { value, error, reload } = usePolled(read, everyMs)
  const redeliver = ({ id }: Delivery) =>
    void action.run(async () => {
      await server.request(`/api/v1/deliveries/${encodeURIComponent(id)}/redeliver`, { method: 'POST' })
      await reload()
    })
  const titleId = `title-${title.replaceAll(/\W+/g, '-')}`
  return (
    <section class="panel" aria-labelledby={titleId}>
      <h2 id={titleId}>{title}</h2>
      <p class="error" role="alert">
        {action.error || error}
      </p>
      {value?.length === 0 && <p class="empty">{empty}</p>}
      {value && value.length > 0 && (
        <div class="scroll" tabIndex={0} role="group" aria-labelledby={titleId}>
          <table>
            <thead>
              <tr>
                {['Event', 'State', 'Receiver', 'Attempts', 'Newest answer', 'Created', 'Action'].map(
                  (column) => (
                    <th key={column} scope="col" class={column === 'Attempts' ? 'number' : undefined}>
                      {column}
                    </th>
                  ),
                )}
              </tr>
            </thead>
            <tbody>
              {value.map((delivery) => (
                <DeliveryRow
                  key={delivery.id}
                  delivery={delivery}
                  isBusy={action.isBusy}
                  onRedeliver={() => redeliver(delivery)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

interface DeliveryRowProps {
  delivery: Delivery
  isBusy: boolean
  onRedeliver(): void
}

function DeliveryRow({ delivery, isBusy, onRedeliver }: DeliveryRowProps) {
  const now = useNow(1000)
  const { event, source, state, webhook, held_by: heldBy } = delivery
  const { attempts_made: made, attempts, created_at: createdAt } = delivery
  const newest = attempts.at(-1)
  return (
    <tr data-delivery={state}>
      <th scope="row">
        {event}
        <code class="version-id">{source.slice(-8)}</code>
      </th>
      <td data-column="State">
        <Badge status={state} />
        {heldBy && <small>held: {heldBy.replace('_', ' ')}</small>}
      </td>
      <td class="receiver wide" data-column="Receiver" title={webhook}>
        {webhook}
      </td>
      <td class="number" data-column="Attempts">
        {made}
      </td>
      <td data-column="Newest answer">
        {newest ? `${newest.status ?? newest.reason ?? newest.outcome} · ${newest.duration_ms} ms` : '–'}
      </td>
      <td data-column="Created">
        <time dateTime={createdAt}>{formatAge(createdAt, now)}</time>
      </td>
      <td class="wide" data-column="Action">
        <button
          type="button"
          class="small"
          disabled={isBusy}
          aria-label={`Redeliver ${event} of ${source.slice(-8)}`}
          onClick={onRedeliver}
        >
          Redeliver
        </button>
      </td>
    </tr>
  )
}
