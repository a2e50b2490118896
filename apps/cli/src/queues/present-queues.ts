import { columns } from '../columns.js'
import type { ChangedQueue, QueueChange, ShownQueue } from './queues-api.js'

const stateOf = ({ state, paused, draining }: ShownQueue) =>
  [state, ...(paused ? ['paused'] : []), ...(draining ? ['draining'] : [])].join(', ')

/** One line a version, as a table. */
export function queueTable(queues: readonly ShownQueue[]): string {
  if (queues.length === 0) return 'No version is known.'
  const rows = queues.map((queue) => [
    queue.model,
    queue.label,
    stateOf(queue),
    String(queue.workers),
    String(queue.open),
    queue.oldest_age_seconds === null ? '–' : `${queue.oldest_age_seconds.toFixed(1)} s`,
    queue.ran_per_second === null ? '–' : `${queue.ran_per_second.toFixed(1)}/s`,
  ])
  return columns([['MODEL', 'LABEL', 'STATE', 'WORKERS', 'OPEN', 'OLDEST', 'RATE'], ...rows])
}

/** What is so from now on. */
export function changeMessage(change: QueueChange, { model, label, canceled = 0 }: ChangedQueue): string {
  const version = `${model} ${label}`
  const messages: Record<QueueChange, string> = {
    pause: `${version} is paused: predictions are taken, and none begins.`,
    resume: `${version} takes predictions and runs them.`,
    drain: `${version} takes nothing new; what waits is run. End it with augur queues resume.`,
    purge: `${canceled} predictions of ${version} were canceled; those that run go on.`,
  }
  return messages[change]
}
