import type { Prediction } from '@augur/client/types'
import { useState } from 'preact/hooks'
import { DeliveriesTable } from '../deliveries/deliveries-table.js'
import { Badge } from '../ui/badge.js'
import { CopyButton } from '../ui/copy-button.js'
import { prettyJson } from '../ui/json.js'
import { Tabs } from '../ui/tabs.js'
import { Answer } from './answer.js'
import { Timeline } from './timeline.js'
import { Timings } from './timings.js'
import { type Followed, hasEnded } from './use-followed.js'

export interface ResultActions {
  onCancel(prediction: Prediction): void
  onRetry(prediction: Prediction): void
  onReuse(prediction: Prediction): void
}

const views = ['Output', 'Whole prediction', 'Input'] as const
const longestText = 200

/** What became of a prediction, live. */
export function Result({ followed, actions }: { followed: Followed; actions: ResultActions }) {
  const { prediction, pieces, error } = followed
  if (!prediction) {
    return (
      <p class="empty" role="status">
        {error ?? 'Run the model, and its answer appears here.'}
      </p>
    )
  }
  const { status, error: reason, error_code: code, data_removed: isRemoved, output } = prediction
  return (
    <>
      <p class="result-head" role="status">
        <Badge status={status} />
        <span class="result-of">
          {prediction.model} <b>{prediction.version_label}</b>
        </span>
        <code>{prediction.id}</code>
      </p>
      <Timeline prediction={prediction} />
      {error !== null && <p class="error">{error}</p>}
      {reason !== null && (
        <p class="failure">
          {code !== undefined && <code>{code}</code>} {reason}
        </p>
      )}
      <div class="answer" aria-live="polite">
        {status === 'succeeded' && !isRemoved && <Answer output={output} />}
        {isRemoved && <p class="hint">Its input and output are not kept any more.</p>}
        {!hasEnded(prediction) && pieces.length > 0 && <p class="answer-text">{pieces.join('')}</p>}
      </div>
      <Timings prediction={prediction} />
      <div class="result-actions">
        {!hasEnded(prediction) && (
          <button type="button" onClick={() => actions.onCancel(prediction)}>
            Cancel
          </button>
        )}
        {hasEnded(prediction) && !isRemoved && (
          <button type="button" onClick={() => actions.onRetry(prediction)}>
            Run again
          </button>
        )}
        {prediction.input && (
          <button type="button" onClick={() => actions.onReuse(prediction)}>
            Edit its input
          </button>
        )}
      </div>
      <RawJson prediction={prediction} />
      {prediction.webhook !== undefined && (
        <DeliveriesTable
          path={`/api/v1/predictions/${prediction.id}/deliveries`}
          title="Its webhook deliveries"
          empty="None was due yet."
        />
      )}
    </>
  )
}

function RawJson({ prediction }: { prediction: Prediction }) {
  const [view, setView] = useState<string>(views[0])
  const { input, output, logs } = prediction
  const shown = { Output: output, 'Whole prediction': prediction, Input: input }[view]
  return (
    <section class="raw" aria-label="Raw JSON">
      <CopyButton text={prettyJson(shown)} label={`Copy: ${view}`} />
      <Tabs label="Show as JSON" names={views} chosen={view} onChoose={setView}>
        <pre tabIndex={0}>{prettyJson(cut(shown))}</pre>
      </Tabs>
      {logs !== '' && (
        <details>
          <summary>Logs</summary>
          <pre tabIndex={0}>{logs}</pre>
        </details>
      )}
    </section>
  )
}

/** Pictures as base64 are no reading. */
function cut(value: unknown): unknown {
  const shorten = (_: string, each: unknown) =>
    typeof each === 'string' && each.length > longestText ? `${each.slice(0, longestText)}…` : each
  return JSON.parse(JSON.stringify(value, shorten) ?? 'null')
}
