import type { Prediction } from '@augur/client/types'
import { formatMs } from '../ui/format.js'

/** Where the time of a prediction went, as one bar with a legend. */
export function Timings({ prediction: { provenance } }: { prediction: Prediction }) {
  if (!provenance) return null
  const {
    queue_ms: queue,
    preprocess_ms: before = 0,
    run_ms: run = 0,
    postprocess_ms: after = 0,
  } = provenance
  const parts = [
    { name: 'queue', ms: queue },
    { name: 'preprocess', ms: before },
    { name: 'run', ms: run },
    { name: 'postprocess', ms: after },
  ]
  const { worker, runtime, provider, micro_batch_size: size, attempt } = provenance
  const facts = [
    runtime,
    provider,
    size !== undefined && size > 1 ? `in a micro-batch of ${size}` : undefined,
    attempt > 1 ? `attempt ${attempt}` : undefined,
    `worker ${worker}`,
  ]
  return (
    <section aria-label="Timings" class="timings">
      <div class="segments" aria-hidden="true">
        {parts.map(({ name, ms }) => (
          <span key={name} class={`segment segment-${name}`} style={{ flexGrow: ms }} />
        ))}
      </div>
      <ul class="legend">
        {parts.map(({ name, ms }) => (
          <li key={name}>
            <span class={`swatch segment-${name}`} aria-hidden="true" /> {name} <b>{formatMs(ms)}</b>
          </li>
        ))}
      </ul>
      <p class="hint">{facts.filter(Boolean).join(' · ')}</p>
    </section>
  )
}
