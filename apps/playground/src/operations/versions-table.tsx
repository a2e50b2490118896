import { useServer } from '../server/use-server.js'
import { Badge } from '../ui/badge.js'
import { formatCount, formatSeconds, formatShare } from '../ui/format.js'
import { Sparkline } from './sparkline.js'
import { useAction } from '../ui/use-action.js'
import type { VersionOverview } from './wire.js'

interface VersionsTableProps {
  versions: readonly VersionOverview[]
  histories: ReadonlyMap<string, readonly number[]>
  onChange(): Promise<void>
}

type Change = 'pause' | 'resume' | 'drain' | 'purge'

const columns = ['Version', 'State', 'Open', 'Oldest', 'Rate', 'Ended', 'Failed', 'Queue'] as const
const numbers: ReadonlySet<string> = new Set(['Oldest', 'Rate', 'Ended', 'Failed'])

/** Every version with its queue: how much waits, for how long, how fast it moves, and whether it is held. */
export function VersionsTable({ versions, histories, onChange }: VersionsTableProps) {
  const server = useServer()
  const action = useAction()
  const change = ({ version, model, label, open }: VersionOverview, kind: Change) => {
    const question = `Cancel what waits for ${model} ${label}? ${formatCount(open)} are open; those that run go on.`
    if (kind === 'purge' && !confirm(question)) return
    void action.run(async () => {
      await server.request(`/admin/versions/${version}/${kind}`, { method: 'POST' })
      await onChange()
    })
  }
  /** The board is a page of its own, which brings no key: it gets a cookie first. */
  const openRawQueues = () =>
    void action.run(async () => {
      await server.request('/admin/queues/session', { method: 'POST' })
      location.assign('/admin/queues')
    })
  return (
    <section class="panel" aria-labelledby="versions-title">
      <h2 id="versions-title">Versions and queues</h2>
      <p class="hint">
        <button type="button" class="small" disabled={action.isBusy} onClick={openRawQueues}>
          Raw queues
        </button>{' '}
        every job in Redis, in Bull Board
      </p>
      <p class="error" role="alert">
        {action.error}
      </p>
      <div class="scroll" tabIndex={0} role="group" aria-labelledby="versions-title">
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col" class={numbers.has(column) ? 'number' : undefined}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {versions.toSorted(byModel).map((version) => (
              <VersionRow
                key={version.version}
                version={version}
                history={histories.get(version.version) ?? []}
                isBusy={action.isBusy}
                onChange={(kind) => change(version, kind)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** The stable version of a model first. */
function byModel(a: VersionOverview, b: VersionOverview): number {
  if (a.model === b.model && a.is_stable !== b.is_stable) return a.is_stable ? -1 : 1
  return `${a.model} ${a.label}` < `${b.model} ${b.label}` ? -1 : 1
}

interface VersionRowProps {
  version: VersionOverview
  history: readonly number[]
  isBusy: boolean
  onChange(kind: Change): void
}

function VersionRow({ version, history, isBusy, onChange }: VersionRowProps) {
  const { model, label, state, state_reason: reason, is_stable: isStable, workers } = version
  const { open, oldest_age_seconds: oldest, ran_per_second: rate, succeeded, failed, canceled } = version
  const ran = succeeded + failed
  return (
    <tr data-version={label}>
      <th scope="row">
        <span class="version-model">{model}</span> <b>{label}</b>{' '}
        {isStable && <span class="tag">stable</span>}
        <code class="version-id">{version.version.slice(0, 12)}</code>
      </th>
      <td data-column="State">
        <Badge status={state} />
        <span class="hint"> {workers === 1 ? '1 worker' : `${workers} workers`}</span>
        {reason !== null && <p class="error">{reason}</p>}
      </td>
      <td class="depth" data-column="Open">
        <Sparkline values={history} />
        <b>{formatCount(open)}</b>
      </td>
      <td class="number" data-column="Oldest">
        {oldest === null ? '–' : formatSeconds(oldest)}
      </td>
      <td class="number" data-column="Rate">
        {rate === null ? '–' : `${rate.toFixed(rate < 10 ? 1 : 0)}/s`}
      </td>
      <td class="number" data-column="Ended">
        {formatCount(ran + canceled)}
      </td>
      <td class="number" data-column="Failed">
        {formatCount(failed)}
        {ran > 0 && failed > 0 && <span class="hint"> {formatShare(failed / ran)}</span>}
      </td>
      <td class="wide" data-column="Queue">
        <QueueLevers version={version} isBusy={isBusy} onChange={onChange} />
      </td>
    </tr>
  )
}

type LeversProps = Omit<VersionRowProps, 'history'>

/** A queue that is held or drained can be resumed; a purge asks first. */
function QueueLevers({ version: { model, label, paused, draining, open }, isBusy, onChange }: LeversProps) {
  const levers: { kind: Change; name: string; isOff?: boolean }[] = [
    ...(paused || draining ? [{ kind: 'resume' as const, name: 'Resume' }] : []),
    ...(paused ? [] : [{ kind: 'pause' as const, name: 'Pause' }]),
    ...(draining ? [] : [{ kind: 'drain' as const, name: 'Drain' }]),
    { kind: 'purge', name: 'Purge', isOff: open === 0 },
  ]
  return (
    <span class="queue-cell">
      {levers.map(({ kind, name, isOff = false }) => (
        <button
          key={kind}
          type="button"
          class="small"
          disabled={isBusy || isOff}
          aria-label={`${name} ${model} ${label}`}
          onClick={() => onChange(kind)}
        >
          {name}
        </button>
      ))}
      {paused && <Badge status="paused" tone="busy" />}
      {draining && <Badge status="draining" tone="busy" />}
    </span>
  )
}
