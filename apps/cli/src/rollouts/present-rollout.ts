import type { ShownArm, ShownComparison, ShownHistory, ShownRollout, ShownShadow } from './rollout-api.js'

const name = ({ id, label }: ShownRollout['stable']) => label ?? id.slice(0, 12)
const minute = (time: string) => time.slice(0, 16).replace('T', ' ')

export function presentRollout({ model, stable, previous_stable: previous, trial }: ShownRollout): string {
  const lines = [`${model}: ${name(stable)} is stable${previous ? `, before it ${name(previous)}` : ''}`]
  if (!trial) return [...lines, 'nothing is tried'].join('\n')
  const share = trial.mode === 'split' ? 'of the callers' : 'of the predictions, unseen'
  lines.push(
    `${name(trial.candidate)} is tried since ${minute(trial.started_at)}: ${trial.percent} % ${share}`,
  )
  if (trial.stopped_at !== null) lines.push(`stopped ${minute(trial.stopped_at)}: ${trial.stop_reason}`)
  return lines.join('\n')
}

export function presentHistory({ results }: ShownHistory): string {
  if (results.length === 0) return 'Nothing was changed yet.'
  return results
    .map(
      ({ at, action, actor, reason }) => `${minute(at)}  ${action.padEnd(8)}  ${actor.padEnd(12)}  ${reason}`,
    )
    .join('\n')
}

const percent = (share: number | null) => (share === null ? '-' : `${(100 * share).toFixed(2)} %`)
const milliseconds = (ms: number | null) => (ms === null ? '-' : `${ms.toFixed(1)} ms`)
const sentences: Record<string, string> = {
  keep_collecting: 'keep collecting: too few predictions to tell',
  candidate_better: 'the candidate is better',
  candidate_worse: 'the candidate is worse',
  no_difference: 'there is no difference that counts',
}

export function presentComparison(comparison: ShownComparison): string {
  const { shadow, verdict } = comparison
  if (shadow && verdict === 'keep_collecting') {
    return [...shadowLines(shadow), 'keep collecting, and look at where they differ'].join('\n')
  }
  return [...(shadow ? shadowLines(shadow) : armLines(comparison)), sentences[verdict] ?? verdict].join('\n')
}

const mostWorstShown = 5
const figure = (value: number | null) => (value === null ? '-' : value.toPrecision(3))

function shadowLines({ pairs, agreement, distance, run_ms: runMs, worst, ...counts }: ShownShadow): string[] {
  const { share, low, high } = agreement
  return [
    `${pairs} predictions repeated, ${counts.shed} left out under load`,
    `agreement  ${percent(share)} (${percent(low)} to ${percent(high)}, 95 %)`,
    `distance   p50 ${figure(distance.p50)}, p95 ${figure(distance.p95)}, most ${figure(distance.max)}`,
    `failed     stable alone ${counts.stable_failed}, candidate alone ${counts.candidate_failed}`,
    `runner p95 stable ${milliseconds(runMs.stable.p95)}, candidate ${milliseconds(runMs.candidate.p95)}`,
    ...worst
      .slice(0, mostWorstShown)
      .map(({ prediction, distance: far }) => `differs    ${prediction}  ${far === null ? '' : figure(far)}`),
    '',
  ]
}

function armLines({ arms, errors, accuracy }: ShownComparison): string[] {
  const { stable, candidate } = arms
  const row = (title: string, read: (arm: ShownArm) => string) =>
    `${title.padEnd(20)}${read(stable).padStart(14)}${read(candidate).padStart(14)}`
  const judged = accuracy ?? errors
  const points = ({ low, high }: typeof errors.interval) =>
    `${(100 * low).toFixed(2)} to ${(100 * high).toFixed(2)} points`
  return [
    row('', ({ version }) => name(version)),
    row('predictions', ({ predictions }) => String(predictions)),
    row('error rate', (arm) => percent(arm.error_rate)),
    row('latency p50', (arm) => milliseconds(arm.latency_ms.p50)),
    row('latency p95', (arm) => milliseconds(arm.latency_ms.p95)),
    row('feedback', ({ feedback }) => String(feedback.count)),
    row('right by feedback', ({ feedback }) => percent(feedback.accuracy)),
    '',
    `${accuracy ? 'accuracy' : 'errors'}: candidate minus stable ${points(judged.interval)} (95 %), p ${judged.p.toPrecision(3)};`,
    `each arm needs ${judged.needed_per_arm} predictions to tell a difference of two points`,
  ]
}
