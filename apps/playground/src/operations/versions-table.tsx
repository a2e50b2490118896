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

const columns = ['Version', 'State', 'Open', 'Oldest', 'Rate', 'Ended', 'Failed', 'Queue'] as const

/** Every version with its queue: how much waits, for how long, how fast it moves, and whether it is held. */
export function VersionsTable({ versions, histories, onChange }: VersionsTableProps) {
  const server = useServer()
  const action = useAction()
  const toggle = ({ version, paused }: VersionOverview) =>
    void action.run(async () => {
      const path = `/admin/versions/${version}/${paused ? 'resume' : 'pause'}`
      await server.request(path, { method: 'POST' })
      await onChange()
    })
  return (
    <section class="panel" aria-labelledby="versions-title">
      <h2 id="versions-title">Versions and queues</h2>
      <p class="error" role="alert">
        {action.error}
      </p>
      <div class="scroll" tabIndex={0} role="group" aria-labelledby="versions-title">
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {versions.map((version) => (
              <VersionRow
                key={version.version}
                version={version}
                history={histories.get(version.version) ?? []}
                isBusy={action.isBusy}
                onToggle={() => toggle(version)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

interface VersionRowProps {
  version: VersionOverview
  history: readonly number[]
  isBusy: boolean
  onToggle(): void
}

const historyLength = 90

function VersionRow({ version, history, isBusy, onToggle }: VersionRowProps) {
  const { model, label, state, state_reason: reason, is_stable: isStable, workers, paused } = version
  const { open, oldest_age_seconds: oldest, ran_per_second: rate, succeeded, failed, canceled } = version
  const ran = succeeded + failed
  return (
    <tr data-version={label}>
      <th scope="row">
        <span class="version-model">{model}</span> <b>{label}</b>{' '}
        {isStable && <span class="tag">stable</span>}
        <code class="version-id">{version.version.slice(0, 12)}</code>
      </th>
      <td>
        <Badge status={state} />
        <span class="hint"> {workers === 1 ? '1 worker' : `${workers} workers`}</span>
        {reason !== null && <p class="error">{reason}</p>}
      </td>
      <td class="number depth">
        <Sparkline values={history} length={historyLength} />
        <b>{formatCount(open)}</b>
      </td>
      <td class="number">{oldest === null ? '–' : formatSeconds(oldest)}</td>
      <td class="number">{rate === null ? '–' : `${rate.toFixed(rate < 10 ? 1 : 0)}/s`}</td>
      <td class="number">{formatCount(ran + canceled)}</td>
      <td class="number">
        {formatCount(failed)}
        {ran > 0 && failed > 0 && <span class="hint"> {formatShare(failed / ran)}</span>}
      </td>
      <td>
        <span class="queue-cell">
          <button
            type="button"
            class="small"
            disabled={isBusy}
            aria-label={`${paused ? 'Resume' : 'Pause'} ${model} ${label}`}
            onClick={onToggle}
          >
            {paused ? 'Resume' : 'Pause'}
          </button>
          {paused && <Badge status="paused" tone="busy" />}
        </span>
      </td>
    </tr>
  )
}
