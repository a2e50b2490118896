import { ServiceError } from '../errors.js'
import { modelTag } from '../ids.js'
import type { ShadowStore } from '../shadow/shadow-store.js'
import type { Logger } from '../telemetry/logger.js'
import type { ArmStore } from './arm-store.js'
import { stopRollout } from './change-rollout.js'
import { findBreach, type GuardrailSamples, samplesOfArm, samplesOfShadow } from './guardrails.js'
import { guardrailActor, type Rollout, runningTrial, type Trial } from './rollout.js'
import type { RolloutStore } from './rollout-store.js'

export interface GuardrailContext {
  rollouts: RolloutStore
  armStore: Pick<ArmStore, 'recent' | 'recentFeedback'>
  shadowStore: Pick<ShadowStore, 'recent'>
  logger: Logger
  now(): number
}

/** Stops the trial of a rollout whose candidate broke one of its guardrails. Gives the rollout as it is then. */
export async function checkGuardrails(context: GuardrailContext, rollout: Rollout): Promise<Rollout> {
  const trial = runningTrial(rollout)
  const window = trial ? widestWindow(trial) : 0
  if (!trial || window === 0) return rollout
  const breach = findBreach(trial.guardrails, await readSamples(context, rollout.model, trial, window))
  if (!breach) return rollout
  const { model } = rollout
  context.logger.warn({ model, trial: trial.id, ...breach }, 'candidate broke a guardrail')
  try {
    const by = { actor: guardrailActor, reason: breach.reason, force: false }
    return await stopRollout(context, model, by, trial.id)
  } catch (error) {
    // Somebody changed or removed it meanwhile. If it still runs then, the next look stops it.
    if (error instanceof ServiceError) return rollout
    throw error
  }
}

const widestWindow = ({ guardrails }: Trial) =>
  Math.max(0, ...Object.values(guardrails).map((limits) => limits?.window ?? 0))

async function readSamples(
  { armStore, shadowStore }: GuardrailContext,
  model: string,
  { id, mode }: Trial,
  window: number,
): Promise<GuardrailSamples> {
  const tag = modelTag(model)
  if (mode === 'shadow') return samplesOfShadow(await shadowStore.recent(tag, id, window))
  const [outcomes, right] = await Promise.all([
    armStore.recent(tag, id, 'candidate', window),
    armStore.recentFeedback(tag, id, 'candidate', window),
  ])
  return samplesOfArm(outcomes, right)
}
