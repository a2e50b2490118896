import type { Prediction } from '@augur/client/types'
import { useNow } from '../ui/use-now.js'
import { formatMs, formatSeconds } from '../ui/format.js'
import { hasEnded } from './use-followed.js'

interface Step {
  name: string
  state: 'done' | 'current' | 'next' | 'failed'
  text: string
}

const reasons: Record<NonNullable<Prediction['waiting_reason']>, string> = {
  queued: 'others come first',
  no_worker_has_this_version: 'no worker serves this version',
  worker_crash_looping: 'the worker of this version keeps crashing',
  paused: 'the version is paused',
}

/** Where a prediction is on its way from submission to end. */
export function Timeline({ prediction }: { prediction: Prediction }) {
  const now = useNow(hasEnded(prediction) ? null : 100)
  return (
    <ol class="timeline" aria-label="Status of the prediction">
      {stepsOf(prediction, now).map(({ name, state, text }) => (
        <li key={name} class={`step step-${state}`} {...(state === 'current' && { 'aria-current': 'step' })}>
          <span class="step-name">{name}</span>
          <span class="step-text">{text}</span>
        </li>
      ))}
    </ol>
  )
}

const ended = { succeeded: 'Succeeded', failed: 'Failed', canceled: 'Canceled' } as const

function stepsOf(prediction: Prediction, now: number): Step[] {
  const { status, created_at: createdAt, started_at: startedAt, completed_at: completedAt } = prediction
  const created = Date.parse(createdAt)
  const started = startedAt === undefined ? null : Date.parse(startedAt)
  const completed = completedAt === undefined ? null : Date.parse(completedAt)
  const isOver = status !== 'starting' && status !== 'processing'
  const waitedMs = Math.max(0, (started ?? completed ?? now) - created)
  const ranMs = started === null ? null : Math.max(0, (completed ?? now) - started)
  const last = isOver ? ended[status] : 'Done'
  return [
    { name: 'Accepted', state: 'done', text: new Date(created).toLocaleTimeString() },
    {
      name: 'Queued',
      state: status === 'starting' ? 'current' : 'done',
      text: status === 'starting' ? explainWait(prediction, waitedMs, now) : formatMs(waitedMs),
    },
    {
      name: 'Running',
      state: status === 'processing' ? 'current' : isOver && started !== null ? 'done' : 'next',
      text: ranMs === null ? '' : formatMs(ranMs),
    },
    {
      name: last,
      state: !isOver ? 'next' : status === 'succeeded' ? 'done' : 'failed',
      text: completed === null ? '' : `${formatMs(Math.max(0, completed - created))} in all`,
    },
  ]
}

function explainWait(prediction: Prediction, waitedMs: number, now: number): string {
  const { queue_position: position, estimated_start: start, waiting_reason: reason } = prediction
  const parts = [formatMs(waitedMs)]
  if (typeof position === 'number') parts.push(position === 0 ? 'next in line' : `${position} before it`)
  if (reason !== undefined && !(reason === 'queued' && position === 0)) parts.push(reasons[reason])
  if (start) {
    const seconds = (Date.parse(start) - now) / 1000
    parts.push(seconds < 1 ? 'starts any moment' : `starts in about ${formatSeconds(seconds)}`)
  }
  return parts.join(' · ')
}
