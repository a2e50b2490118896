import type { Catalogue } from '@augur/core/models/catalogue'
import type { Replay } from '@augur/core/shadow/replay-store'
import type { ShadowComparison } from '@augur/core/shadow/shadow-comparison'
import type { WireReplay, WireShadow } from './shadow-schemas.js'

export function presentShadow(comparison: ShadowComparison): WireShadow {
  const { outcomes, agreement, stableMs, candidateMs, worst } = comparison
  const { hits, count, low, high } = agreement
  return {
    pairs: comparison.pairs,
    ...outcomes,
    missing: comparison.missing,
    input_gone: comparison.inputGone,
    shed: comparison.shed,
    agreement: { share: count === 0 ? null : hits / count, low, high },
    distance: comparison.distance,
    run_ms: { stable: stableMs, candidate: candidateMs, mean_difference: comparison.meanDifferenceMs },
    verdict: comparison.verdict,
    worst: worst.map(({ id, distance, stableOutput, candidateOutput }) => ({
      prediction: id,
      distance,
      stable_output: stableOutput,
      candidate_output: candidateOutput,
    })),
  }
}

export function presentReplay(
  catalogue: Catalogue,
  { id, model, candidate, total, createdAt }: Replay,
  comparison: ShadowComparison,
): WireReplay {
  const done = comparison.pairs + comparison.missing + comparison.inputGone
  return {
    id,
    model,
    candidate: { id: candidate, label: catalogue.version(candidate)?.label ?? null },
    status: done >= total ? 'completed' : 'running',
    created_at: new Date(createdAt).toISOString(),
    total,
    done,
    comparison: presentShadow(comparison),
  }
}
