import { z } from 'zod'
import type { VersionId } from '../models/version.js'

/** What callers are told apart by, so that the same one always gets the same version. */
export const stickyKeySchema = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('api_key') }),
  z.strictObject({ from: z.literal('header'), name: z.string().regex(/^[A-Za-z0-9-]{1,64}$/) }),
  z.strictObject({ from: z.literal('input'), field: z.string().min(1).max(200) }),
])
export type StickyKey = z.infer<typeof stickyKeySchema>

const share = z.number().min(0).max(1)
const window = {
  /** The newest predictions of the candidate that are looked at. */
  window: z.int().min(10).max(10_000).default(200),
  /** Fewer than these say nothing; fewer than the window, since not all of that tells. */
  minimum: z.int().min(1).max(10_000).default(50),
}

/** What stops a rollout by itself. A guardrail that is left out is not watched. */
export const guardrailsSchema = z.strictObject({
  errorRate: z
    .strictObject({ maximum: share, ...window })
    .optional()
    .describe('Most of the candidate that may fail, as a share.'),
  latencyP95Ms: z
    .strictObject({ maximum: z.number().positive(), ...window })
    .optional()
    .describe('Longest 95th percentile of the time from claim to end.'),
  disagreement: z
    .strictObject({ maximum: share, ...window })
    .optional()
    .describe('Most pairs of a shadow that may differ, as a share.'),
  feedbackAccuracy: z
    .strictObject({ minimum_accuracy: share, ...window })
    .optional()
    .describe('Least share of feedback that the candidate may be right by.'),
})
export type Guardrails = z.infer<typeof guardrailsSchema>

/** Who the history says that stopped a trial, where that was no person. */
export const guardrailActor = 'guardrail'

export const rolloutModes = ['split', 'shadow'] as const
export type RolloutMode = (typeof rolloutModes)[number]

/** What each mode tells guardrails of. */
const watched: Record<RolloutMode, readonly (keyof Guardrails)[]> = {
  split: ['errorRate', 'latencyP95Ms', 'feedbackAccuracy'],
  shadow: ['errorRate', 'latencyP95Ms', 'disagreement'],
}

/** Why guardrails could not stop a trial of that mode, each with the place of the fault; nothing where all could. */
export function findIdleGuardrails(
  mode: RolloutMode,
  guardrails: Guardrails,
): { path: [keyof Guardrails] | [keyof Guardrails, 'minimum']; message: string }[] {
  return guardrailsSchema.keyof().options.flatMap((name) => {
    const limits = guardrails[name]
    if (limits === undefined) return []
    if (!watched[mode].includes(name)) {
      return { path: [name], message: `a ${mode} tells nothing of this, so it would never stop it` }
    }
    if (limits.minimum < limits.window) return []
    return { path: [name, 'minimum'], message: 'must be less than the window' }
  })
}

export const arms = ['stable', 'candidate'] as const
export type Arm = (typeof arms)[number]

/** A version that is tried on live traffic, and how. */
export interface Trial {
  /** Names the comparison. Another candidate or another mode is another trial; another share of traffic is not. */
  id: string
  candidate: VersionId
  mode: RolloutMode
  /** Share of callers that a split sends to the candidate, or of predictions that a shadow repeats: 0 to 100. */
  percent: number
  stickyKey: StickyKey
  guardrails: Guardrails
  startedAt: number
  /** When, by whom and why it was stopped: then all traffic goes to the stable version. Null while it runs. */
  stopped: { at: number; actor: string; reason: string } | null
}

/** How by-model traffic of one model is divided. */
export interface Rollout {
  /** `owner/name`. */
  model: string
  /** Counts the changes; a change names the one that it saw. */
  revision: number
  stable: VersionId
  /** What was stable before the last promotion, for `rollback`. */
  previousStable: VersionId | null
  trial: Trial | null
}

/** The trial while it takes traffic. */
export function runningTrial(rollout: Rollout | undefined): Trial | null {
  const trial = rollout?.trial ?? null
  return trial?.stopped === null ? trial : null
}
