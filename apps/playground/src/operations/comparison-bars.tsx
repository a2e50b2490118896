import { Bar } from '../ui/bar.js'
import { formatCount, formatMs, formatShare } from '../ui/format.js'
import type { Arm, Comparison } from './wire.js'

interface Measure {
  name: string
  of(arm: Arm): number | null
  format(value: number): string
}

const measures: readonly Measure[] = [
  { name: 'predictions', of: ({ predictions }) => predictions, format: formatCount },
  { name: 'error rate', of: (arm) => arm.error_rate, format: formatShare },
  { name: 'latency, median', of: (arm) => arm.latency_ms.p50, format: formatMs },
  { name: 'latency, 95th percentile', of: (arm) => arm.latency_ms.p95, format: formatMs },
  { name: 'right by feedback', of: (arm) => arm.feedback.accuracy, format: formatShare },
]

const verdicts: Record<Comparison['verdict'], string> = {
  keep_collecting: 'Too few predictions yet to tell them apart.',
  candidate_better: 'The candidate is better.',
  no_difference: 'No difference that matters.',
  candidate_worse: 'The candidate is worse.',
}

/** Candidate and stable version side by side, measure by measure. */
export function ComparisonBars({ comparison }: { comparison: Comparison }) {
  const { stable, candidate } = comparison.arms
  return (
    <div class="comparison">
      <p class="verdict">{verdicts[comparison.verdict]}</p>
      <dl>
        {measures.map(({ name, of, format }) => {
          const most = Math.max(of(stable) ?? 0, of(candidate) ?? 0)
          return (
            <div key={name} class="measure">
              <dt>{name}</dt>
              {[stable, candidate].map((arm, index) => {
                const value = of(arm)
                return (
                  <dd key={index}>
                    <span class="arm">{index === 0 ? 'stable' : 'candidate'}</span>
                    <Bar
                      share={most === 0 ? 0 : (value ?? 0) / most}
                      tone={index === 0 ? 'muted' : 'accent'}
                    />
                    <span class="number">{value === null ? '–' : format(value)}</span>
                  </dd>
                )
              })}
            </div>
          )
        })}
      </dl>
    </div>
  )
}
