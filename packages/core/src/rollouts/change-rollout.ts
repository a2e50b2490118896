import { ServiceError } from '../errors.js'
import { randomToken } from '../ids.js'
import type { Catalogue, CatalogueVersion } from '../models/catalogue.js'
import type { VerificationStore } from '../verification/verification-store.js'
import type { VerificationState } from '../verification/verification-state.js'
import type { Guardrails, Rollout, RolloutMode, StickyKey, Trial } from './rollout.js'
import type { RolloutAction, RolloutStore } from './rollout-store.js'

export interface RolloutContext {
  rollouts: RolloutStore
  verifications: VerificationStore
  now(): number
}

/** Who changes a rollout, and why. */
export interface ChangedBy {
  actor: string
  reason: string
  /** Puts a version on live traffic although it was not verified. Its reason is recorded. */
  force: boolean
}

export interface WantedRollout {
  model: string
  /** The version for everybody else; null keeps the one there is. */
  stable: CatalogueVersion | null
  candidate: CatalogueVersion
  mode: RolloutMode
  percent: number
  stickyKey: StickyKey
  guardrails: Guardrails
}

/**
 * Divides a model's traffic. A running trial of the same candidate in the same mode goes on with what it has compared
 * so far; one that was stopped begins anew.
 * @throws ServiceError `invalid_request`, `not_verified` or `rollout_changed`
 */
export async function setRollout(
  context: RolloutContext,
  catalogue: Catalogue,
  wanted: WantedRollout,
  by: ChangedBy,
): Promise<Rollout> {
  const { model, candidate } = wanted
  const seen = await context.rollouts.read(model)
  const stable = wanted.stable?.id ?? seen?.stable ?? catalogue.stable(model)?.id
  if (stable === undefined) throw new ServiceError('invalid_request', `${model} has no stable version.`)
  if (stable === candidate.id) {
    throw new ServiceError('invalid_request', 'The candidate is the stable version already.')
  }
  if (wanted.mode === 'split') await requireVerified(context, candidate, by)
  // Whoever is stable takes live traffic as well.
  const now = seen?.stable ?? catalogue.stable(model)?.id
  if (wanted.stable?.manifest.baseline !== undefined && wanted.stable.id !== now) {
    await requireVerified(context, wanted.stable, by)
  }
  return change(context, seen, 'set', by, {
    model,
    stable,
    previousStable: seen?.previousStable ?? null,
    trial: trialOf(wanted, seen?.stable === stable ? seen.trial : null, context.now()),
  })
}

function trialOf(wanted: WantedRollout, running: Trial | null, nowMs: number): Trial {
  const { candidate, mode, percent, stickyKey, guardrails } = wanted
  const isSame =
    running !== null &&
    running.stopped === null &&
    running.candidate === candidate.id &&
    running.mode === mode &&
    JSON.stringify(running.stickyKey) === JSON.stringify(stickyKey)
  return {
    id: isSame ? running.id : randomToken(),
    candidate: candidate.id,
    mode,
    percent,
    stickyKey,
    guardrails,
    startedAt: isSame ? running.startedAt : nowMs,
    stopped: null,
  }
}

/**
 * Sends all traffic to the stable version; what was compared stays. Where `ofTrial` is given, no other trial is stopped.
 * @throws ServiceError `not_found`, `rollout_changed`
 */
export async function stopRollout(
  context: Pick<RolloutContext, 'rollouts' | 'now'>,
  model: string,
  by: ChangedBy,
  ofTrial?: string,
): Promise<Rollout> {
  const seen = await existing(context, model)
  if (seen.trial === null || seen.trial.stopped || (ofTrial ?? seen.trial.id) !== seen.trial.id) return seen
  const stopped = { at: context.now(), actor: by.actor, reason: by.reason }
  return change(context, seen, 'stop', by, { ...seen, trial: { ...seen.trial, stopped } })
}

/**
 * Makes the candidate the stable version, in one step.
 * @throws ServiceError `not_found`, `not_verified` or `rollout_changed`
 */
export async function promoteCandidate(
  context: RolloutContext,
  catalogue: Catalogue,
  model: string,
  by: ChangedBy,
): Promise<Rollout> {
  const seen = await existing(context, model)
  const candidate = seen.trial && catalogue.version(seen.trial.candidate)
  if (!candidate) throw new ServiceError('not_found', `${model} has no candidate to promote.`)
  const { stopped } = seen.trial ?? {}
  if (stopped?.actor === 'guardrail' && !by.force) {
    throw new ServiceError(
      'rollout_changed',
      `A guardrail stopped this trial: ${stopped.reason} Promoting it needs force and a reason.`,
    )
  }
  await requireVerified(context, candidate, by)
  return change(context, seen, 'promote', by, {
    model,
    stable: candidate.id,
    previousStable: seen.stable,
    trial: null,
  })
}

/** Undoes the last promotion. Predictions that run keep their version. @throws ServiceError `not_found`, `rollout_changed` */
export async function rollBack(context: RolloutContext, model: string, by: ChangedBy): Promise<Rollout> {
  const seen = await existing(context, model)
  if (seen.previousStable === null) {
    throw new ServiceError('not_found', `${model} has no promotion that could be undone.`)
  }
  return change(context, seen, 'rollback', by, {
    model,
    stable: seen.previousStable,
    previousStable: null,
    trial: null,
  })
}

/** Back to the newest version without a baseline. @throws ServiceError `not_found`, `rollout_changed` */
export async function removeRollout(context: RolloutContext, model: string, by: ChangedBy): Promise<void> {
  await write(context, await existing(context, model), 'remove', by, null, model)
}

async function existing({ rollouts }: Pick<RolloutContext, 'rollouts'>, model: string): Promise<Rollout> {
  const rollout = await rollouts.read(model)
  if (rollout) return rollout
  throw new ServiceError('not_found', `${model} has no rollout.`)
}

async function change(
  context: Pick<RolloutContext, 'rollouts' | 'now'>,
  seen: Rollout | null,
  action: RolloutAction,
  by: ChangedBy,
  next: Omit<Rollout, 'revision'>,
): Promise<Rollout> {
  const rollout = { ...next, revision: (seen?.revision ?? 0) + 1 }
  await write(context, seen, action, by, rollout, next.model)
  return rollout
}

async function write(
  { rollouts, now }: Pick<RolloutContext, 'rollouts' | 'now'>,
  seen: Rollout | null,
  action: RolloutAction,
  { actor, reason }: ChangedBy,
  rollout: Rollout | null,
  model: string,
): Promise<void> {
  if (await rollouts.write(model, seen, { action, at: now(), actor, reason, rollout })) return
  throw new ServiceError('rollout_changed', 'Somebody else changed this rollout meanwhile; look at it again.')
}

async function requireVerified(
  { verifications }: RolloutContext,
  { id, model, label }: CatalogueVersion,
  { force, reason }: ChangedBy,
): Promise<void> {
  if (force && reason === '') {
    throw new ServiceError('invalid_request', 'Forcing a version onto live traffic needs a reason.')
  }
  const state = await verifications.read(id)
  if (state.state === 'passed' || force) return
  throw new ServiceError('not_verified', `${model}:${label} ${whyNot(state)}`)
}

const voidReasons = {
  version_changed: 'its files have changed since',
  baseline_changed: 'its baseline has changed since',
  dataset_changed: 'its test set has changed since',
  unreadable: 'verification.json cannot be read',
}

function whyNot(state: VerificationState): string {
  if (state.state === 'failed') return `failed its verification: ${state.rules.join(', ')}.`
  if (state.state === 'void') return `has a verification that is void: ${voidReasons[state.reason]}.`
  return 'was never verified: run npm run verify.'
}
