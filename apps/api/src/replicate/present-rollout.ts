import type { Catalogue } from '@augur/core/models/catalogue'
import type { VersionId } from '@augur/core/models/version'
import type { ArmCounts } from '@augur/core/rollouts/arm-store'
import { compareArms, type ShareComparison } from '@augur/core/rollouts/compare-arms'
import type { Arm, Rollout, Trial } from '@augur/core/rollouts/rollout'
import type { ShadowComparison } from '@augur/core/shadow/shadow-comparison'
import type { RolloutEvent } from '@augur/core/rollouts/rollout-store'
import { presentShadow } from './present-shadow.js'
import type { WireComparison, WireRollout, WireRolloutHistory } from './rollout-schemas.js'

const isoTime = (timeMs: number) => new Date(timeMs).toISOString()

/** A version that is forgotten has no label any more. */
const refOf = (catalogue: Catalogue, id: VersionId) => ({ id, label: catalogue.version(id)?.label ?? null })

export function presentRollout(catalogue: Catalogue, rollout: Rollout): WireRollout {
  const { model, revision, stable, previousStable, trial } = rollout
  return {
    model,
    revision,
    stable: refOf(catalogue, stable),
    previous_stable: previousStable === null ? null : refOf(catalogue, previousStable),
    trial: trial && presentTrial(catalogue, trial),
  }
}

function presentTrial(catalogue: Catalogue, trial: Trial): WireComparison['trial'] {
  const { id, candidate, mode, percent, stickyKey, guardrails, startedAt, stopped } = trial
  return {
    id,
    candidate: refOf(catalogue, candidate),
    mode,
    percent,
    sticky_key: stickyKey,
    guardrails,
    started_at: isoTime(startedAt),
    stopped_at: stopped && isoTime(stopped.at),
    stopped_by: stopped && stopped.actor,
    stop_reason: stopped && stopped.reason,
  }
}

export function presentHistory(catalogue: Catalogue, events: readonly RolloutEvent[]): WireRolloutHistory {
  const results = events.map(({ action, at, actor, reason, rollout }) => ({
    action,
    at: isoTime(at),
    actor,
    reason,
    rollout: rollout && presentRollout(catalogue, rollout),
  }))
  return { next: null, previous: null, results }
}

export function presentComparison(
  catalogue: Catalogue,
  { model, stable }: Rollout,
  trial: Trial,
  counts: Record<Arm, ArmCounts> & { shadow: ShadowComparison | null },
): WireComparison {
  const { errors, accuracy, verdict } = compareArms(counts.stable, counts.candidate)
  return {
    model,
    trial: presentTrial(catalogue, trial),
    arms: {
      stable: presentArm(refOf(catalogue, stable), counts.stable),
      candidate: presentArm(refOf(catalogue, trial.candidate), counts.candidate),
    },
    errors: presentShares(errors),
    accuracy: accuracy && presentShares(accuracy),
    shadow: counts.shadow && presentShadow(counts.shadow),
    verdict: counts.shadow?.verdict ?? verdict,
  }
}

function presentArm(version: WireRollout['stable'], counts: ArmCounts): WireComparison['arms']['stable'] {
  const { succeeded, failed, canceled, expired, latencyMs, labels, feedback, meanScore } = counts
  const ended = succeeded + failed + expired
  return {
    version,
    predictions: ended + canceled,
    succeeded,
    failed,
    canceled,
    expired,
    error_rate: ended === 0 ? null : (failed + expired) / ended,
    latency_ms: latencyMs,
    outputs: labels,
    feedback: {
      ...feedback,
      accuracy: feedback.count === 0 ? null : feedback.right / feedback.count,
      mean_score: meanScore,
    },
  }
}

function presentShares({ difference, interval, p, neededPerArm }: ShareComparison): WireComparison['errors'] {
  return { difference, interval, p, needed_per_arm: neededPerArm }
}
