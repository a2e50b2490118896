import { useState } from 'preact/hooks'
import { useServer } from '../server/use-server.js'
import { useAction } from '../ui/use-action.js'
import type { VersionOverview } from './wire.js'

interface TryVersionProps {
  versions: readonly VersionOverview[]
  onChange(): Promise<void>
}

/** Starts a trial: which version, how, and on how much of the traffic. */
export function TryVersion({ versions, onChange }: TryVersionProps) {
  const server = useServer()
  const action = useAction()
  const candidates = versions.filter(({ is_stable: isStable, state }) => !isStable && state === 'ready')
  const [candidateId, setCandidate] = useState('')
  const [mode, setMode] = useState('split')
  const [percent, setPercent] = useState(10)
  const [reason, setReason] = useState('')
  const [isForced, setForced] = useState(false)
  const candidate = candidates.find(({ version }) => version === candidateId) ?? candidates[0]
  if (!candidate) return null
  const begin = (event: Event) => {
    event.preventDefault()
    void action.run(async () => {
      const json = { candidate: candidate.version, mode, percent, reason, ...(isForced && { force: true }) }
      await server.request(`/api/v1/models/${candidate.model}/rollout`, { method: 'PUT', json })
      await onChange()
    })
  }
  return (
    <details class="try">
      <summary>Try a version on live traffic</summary>
      <form onSubmit={begin}>
        <label>
          <span>Candidate</span>
          <select value={candidate.version} onChange={(event) => setCandidate(event.currentTarget.value)}>
            {candidates.map(({ model, version, label }) => (
              <option key={version} value={version}>
                {model} {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Mode</span>
          <select value={mode} onChange={(event) => setMode(event.currentTarget.value)}>
            <option value="split">split: it answers a share of callers</option>
            <option value="shadow">shadow: it repeats a share unseen</option>
          </select>
        </label>
        <label>
          <span>Per cent</span>
          <input
            type="number"
            min={0}
            max={100}
            step="any"
            value={percent}
            onInput={(event) => setPercent(event.currentTarget.valueAsNumber || 0)}
          />
        </label>
        <label>
          <span>Reason</span>
          <input value={reason} maxLength={1000} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={isForced}
            onChange={(event) => setForced(event.currentTarget.checked)}
          />
          <span>Although it is not verified (needs a reason)</span>
        </label>
        <button type="submit" disabled={action.isBusy}>
          Begin
        </button>
      </form>
      <p class="error" role="alert">
        {action.error}
      </p>
    </details>
  )
}
