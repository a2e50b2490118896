import type { Prediction } from '@augur/client/types'
import { Badge } from '../ui/badge.js'
import { formatAge } from '../ui/format.js'
import { useNow } from '../ui/use-now.js'
import { scoresOf } from './scores.js'
import { hasEnded } from './use-followed.js'

interface RecentProps {
  predictions: readonly Prediction[]
  error: string | null
  /** The one that is shown. */
  openId: string | null
  onRetry(prediction: Prediction): void
  onCancel(prediction: Prediction): void
  onDelete(prediction: Prediction): void
}

export const hrefOf = ({ id }: Pick<Prediction, 'id'>) => `#/predictions/${id}`

/** The newest predictions; each can be opened, run again, canceled or deleted. */
export function Recent({ predictions, error, openId, ...actions }: RecentProps) {
  const now = useNow(1000)
  return (
    <section class="recent" aria-label="Recent predictions">
      <h2>Recent</h2>
      {error !== null && <p class="error">{error}</p>}
      {predictions.length === 0 && error === null && <p class="empty">No prediction yet.</p>}
      <ul>
        {predictions.map((prediction) => (
          <li key={prediction.id} class={prediction.id === openId ? 'is-open' : ''}>
            <a href={hrefOf(prediction)} {...(prediction.id === openId && { 'aria-current': 'true' })}>
              <Badge status={prediction.status} />
              <span class="recent-answer">{summaryOf(prediction)}</span>
              <span class="recent-of">
                {prediction.model} · {prediction.version_label}
              </span>
              <time dateTime={prediction.created_at}>{formatAge(prediction.created_at, now)}</time>
            </a>
            <RowActions prediction={prediction} {...actions} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function RowActions({
  prediction,
  onRetry,
  onCancel,
  onDelete,
}: { prediction: Prediction } & Pick<RecentProps, 'onRetry' | 'onCancel' | 'onDelete'>) {
  const of = `prediction ${prediction.id.slice(-6)}`
  return (
    <span class="row-actions">
      {hasEnded(prediction) ? (
        <button
          type="button"
          class="icon"
          aria-label={`Run again: ${of}`}
          title="Run again"
          onClick={() => onRetry(prediction)}
        >
          ↻
        </button>
      ) : (
        <button
          type="button"
          class="icon"
          aria-label={`Cancel: ${of}`}
          title="Cancel"
          onClick={() => onCancel(prediction)}
        >
          ■
        </button>
      )}
      <button
        type="button"
        class="icon"
        aria-label={`Delete: ${of}`}
        title="Delete"
        onClick={() => onDelete(prediction)}
      >
        ✕
      </button>
    </span>
  )
}

const longestSummary = 40

function summaryOf({ output, error_code: code }: Prediction): string {
  if (code !== undefined) return code
  const [best] = scoresOf(output) ?? []
  if (best) return best.label
  const text = typeof output === 'string' ? output : output == null ? '' : JSON.stringify(output)
  return text.length > longestSummary ? `${text.slice(0, longestSummary)}…` : text
}
