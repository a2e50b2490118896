import {
  findIdleGuardrails,
  guardrailsSchema,
  rolloutModes,
  stickyKeySchema,
} from '@augur/core/rollouts/rollout'
import { rolloutActions } from '@augur/core/rollouts/rollout-store'
import { verdicts } from '@augur/core/rollouts/compare-arms'
import { z } from '@hono/zod-openapi'
import { shadowSchema } from './shadow-schemas.js'

const reference = z.string().min(1).max(300)
const reason = z.string().max(1000)
const time = z.iso.datetime()

export const rolloutBody = z
  .strictObject({
    stable: reference.optional().openapi({
      description: 'Id or label of the version for everybody else; left out, it stays what it is.',
    }),
    candidate: reference.openapi({ description: 'Id or label of the version that is tried.' }),
    mode: z.enum(rolloutModes).openapi({
      description:
        '`split` answers a part of the callers with the candidate, `shadow` repeats predictions unseen.',
    }),
    percent: z.number().min(0).max(100).openapi({
      description:
        'Share of callers that a split sends to the candidate, or of predictions that a shadow repeats.',
    }),
    sticky_key: stickyKeySchema
      .optional()
      .openapi({ description: 'What callers of a split are told apart by; left out, their API key.' }),
    guardrails: guardrailsSchema.optional().openapi({ description: 'What stops the trial by itself.' }),
    reason: reason.optional().openapi({ description: 'Why; kept in the history.' }),
    force: z
      .boolean()
      .optional()
      .openapi({ description: 'Takes a candidate that is not verified. Needs a reason.' }),
  })
  .superRefine(({ mode, guardrails = {} }, context) => {
    for (const { path, message } of findIdleGuardrails(mode, guardrails)) {
      context.addIssue({ code: 'custom', path: ['guardrails', ...path], message })
    }
  })
  .openapi('SetRollout')
export type RolloutBody = z.infer<typeof rolloutBody>

export const reasonBody = z
  .strictObject({ reason: reason.optional(), force: z.boolean().optional() })
  .openapi('RolloutReason')

const versionRef = z.strictObject({ id: z.string(), label: z.string().nullable() })

const trialSchema = z
  .strictObject({
    id: z.string(),
    candidate: versionRef,
    mode: z.enum(rolloutModes),
    percent: z.number(),
    sticky_key: stickyKeySchema,
    guardrails: guardrailsSchema,
    started_at: time,
    stopped_at: time.nullable(),
    stopped_by: z.string().nullable(),
    stop_reason: z.string().nullable(),
  })
  .openapi('Trial')

export const rolloutSchema = z
  .strictObject({
    model: z.string(),
    revision: z.int().min(1),
    stable: versionRef,
    previous_stable: versionRef.nullable(),
    trial: trialSchema.nullable(),
  })
  .openapi('Rollout')
export type WireRollout = z.infer<typeof rolloutSchema>

export const rolloutHistorySchema = z
  .strictObject({
    next: z.null(),
    previous: z.null(),
    results: z.array(
      z.strictObject({
        action: z.enum(rolloutActions),
        at: time,
        actor: z.string(),
        reason: z.string(),
        rollout: rolloutSchema.nullable(),
      }),
    ),
  })
  .openapi('RolloutHistory')
export type WireRolloutHistory = z.infer<typeof rolloutHistorySchema>

const quantile = z.number().nullable()

const armSchema = z
  .strictObject({
    version: versionRef,
    predictions: z.int().min(0),
    succeeded: z.int().min(0),
    failed: z.int().min(0),
    canceled: z.int().min(0).openapi({ description: 'By their callers.' }),
    expired: z
      .int()
      .min(0)
      .openapi({ description: 'Given up because their time was over; they count as errors.' }),
    error_rate: z.number().nullable(),
    latency_ms: z
      .strictObject({ p50: quantile, p95: quantile, p99: quantile })
      .openapi({ description: 'From claim to end, of those that succeeded; right to within five percent.' }),
    outputs: z.array(z.strictObject({ label: z.string().nullable(), count: z.int().min(1) })).openapi({
      description: 'How often each class was the answer; null stands for those beyond the first hundred.',
    }),
    feedback: z.strictObject({
      count: z.int().min(0),
      right: z.int().min(0),
      accuracy: z.number().nullable(),
      mean_score: z.number().nullable(),
    }),
  })
  .openapi('Arm')

const shareComparison = z
  .strictObject({
    difference: z.number().nullable().openapi({ description: 'Candidate minus stable.' }),
    interval: z.strictObject({ low: z.number(), high: z.number() }).openapi({ description: '95 %.' }),
    p: z.number().openapi({ description: 'Two-sided; by the z-test, or exactly where failures are few.' }),
    needed_per_arm: z
      .int()
      .openapi({ description: 'Predictions that each arm needs to tell a difference of two points.' }),
  })
  .openapi('ShareComparison')

export const comparisonSchema = z
  .strictObject({
    model: z.string(),
    trial: trialSchema,
    arms: z.strictObject({ stable: armSchema, candidate: armSchema }),
    errors: shareComparison,
    accuracy: shareComparison.nullable(),
    shadow: shadowSchema.nullable().openapi({ description: 'Of a shadow, whose arms count nothing.' }),
    verdict: z.enum(verdicts),
  })
  .openapi('RolloutComparison')
export type WireComparison = z.infer<typeof comparisonSchema>
