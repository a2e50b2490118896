import { useCallback, useState } from 'preact/hooks'
import { usePolled } from '../server/use-polled.js'
import { useServer } from '../server/use-server.js'
import { Badge } from '../ui/badge.js'
import { formatAge, formatSeconds } from '../ui/format.js'
import { useNow } from '../ui/use-now.js'
import { ComparisonBars } from './comparison-bars.js'
import { useAction } from '../ui/use-action.js'
import type { Comparison, Rollout, RolloutEvent, Trial } from './wire.js'

const everyMs = 3000

interface RolloutFacts {
  rollout: Rollout
  comparison: Comparison | null
  history: RolloutEvent[]
}

function useRollout(model: string) {
  const server = useServer()
  const read = useCallback(async (): Promise<RolloutFacts> => {
    const path = `/api/v1/models/${model}/rollout`
    const [rollout, { results }] = await Promise.all([
      server.request<Rollout>(path),
      server.request<{ results: RolloutEvent[] }>(`${path}/history`),
    ])
    const comparison = rollout.trial && (await server.request<Comparison>(`${path}/comparison`))
    return { rollout, comparison, history: results }
  }, [server, model])
  return usePolled(read, everyMs)
}

const actions = { promote: 'Promote', stop: 'Stop', rollback: 'Roll back' } as const
type ActionName = keyof typeof actions

/** The rollout of a model: what is tried, how it does, and what to do about it. */
export function RolloutCard({ model, onChange }: { model: string; onChange(): Promise<void> }) {
  const server = useServer()
  const { value, error, reload } = useRollout(model)
  const action = useAction()
  const [reason, setReason] = useState('')
  const [isForced, setForced] = useState(false)
  if (!value) return <p class="empty">{error ?? model}</p>
  const { rollout, comparison, history } = value
  const isRunning = rollout.trial !== null && rollout.trial.stopped_at === null
  const possible: Record<ActionName, boolean> = {
    promote: isRunning,
    stop: isRunning,
    rollback: rollout.previous_stable !== null,
  }
  const act = (name: ActionName) =>
    void action.run(async () => {
      const json = { ...(reason !== '' && { reason }), ...(isForced && { force: true }) }
      await server.request(`/api/v1/models/${model}/rollout/${name}`, { method: 'POST', json })
      setReason('')
      setForced(false)
      await Promise.all([reload(), onChange()])
    })
  const id = `reason-${model}`
  return (
    <article class="rollout" data-rollout={model} aria-label={`Rollout of ${model}`}>
      <h3>
        {model} <span class="tag">stable: {rollout.stable.label ?? rollout.stable.id.slice(0, 8)}</span>
      </h3>
      {rollout.trial ? <TrialLine trial={rollout.trial} /> : <p class="hint">Nothing is tried now.</p>}
      {comparison && <ComparisonBars comparison={comparison} />}
      <div class="rollout-actions">
        <label for={id}>Reason</label>
        <input
          id={id}
          value={reason}
          maxLength={1000}
          placeholder="kept in the history"
          onInput={(event) => setReason(event.currentTarget.value)}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={isForced}
            onChange={(event) => setForced(event.currentTarget.checked)}
          />
          <span>although not verified</span>
        </label>
        {(['promote', 'stop', 'rollback'] as const).map((name) => (
          <button
            key={name}
            type="button"
            class={name === 'promote' ? 'primary' : ''}
            disabled={!possible[name] || action.isBusy}
            onClick={() => act(name)}
          >
            {actions[name]}
          </button>
        ))}
      </div>
      <p class="error" role="alert">
        {action.error || error}
      </p>
      <History events={history} />
    </article>
  )
}

function TrialLine({ trial }: { trial: Trial }) {
  const now = useNow(1000)
  const { candidate, mode, percent, started_at: startedAt, stopped_at: stoppedAt, stop_reason: why } = trial
  const what = mode === 'split' ? `answers ${percent} % of callers` : `repeats ${percent} % unseen`
  const seconds = Math.max(
    0,
    ((stoppedAt === null ? now : Date.parse(stoppedAt)) - Date.parse(startedAt)) / 1000,
  )
  return (
    <p class="trial">
      <Badge
        status={stoppedAt === null ? 'running' : 'stopped'}
        tone={stoppedAt === null ? 'busy' : 'calm'}
      />
      <b>{candidate.label ?? candidate.id.slice(0, 8)}</b> {what}, for {formatSeconds(seconds)}
      {why !== null && <span class="hint"> · {why}</span>}
    </p>
  )
}

function History({ events }: { events: readonly RolloutEvent[] }) {
  const now = useNow(1000)
  return (
    <details>
      <summary>History ({events.length})</summary>
      <ol class="history">
        {events.map(({ action, at, actor, reason }, index) => (
          <li key={index}>
            <b>{action}</b> by {actor}, <time dateTime={at}>{formatAge(at, now)}</time>
            {reason !== '' && <span class="hint"> · {reason}</span>}
          </li>
        ))}
      </ol>
    </details>
  )
}
