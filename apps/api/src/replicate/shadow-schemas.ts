import { verdicts } from '@augur/core/rollouts/compare-arms'
import { mostReplayed } from '@augur/core/shadow/start-replay'
import { z } from '@hono/zod-openapi'

const count = z.int().min(0)
const number = z.number().nullable()
const quantiles = { p50: number, p95: number, p99: number }
const times = z.strictObject(quantiles)

export const shadowSchema = z
  .strictObject({
    pairs: count.openapi({ description: 'Predictions that the candidate repeated.' }),
    agreed: count,
    differed: count,
    stable_failed: count.openapi({ description: 'Only the stable version failed.' }),
    candidate_failed: count.openapi({ description: 'Only the candidate failed.' }),
    both_failed: count,
    missing: count.openapi({ description: 'Left out because input or output was gone.' }),
    input_gone: count.openapi({
      description: 'Left out because the input names a file of another host, which is not fetched twice.',
    }),
    shed: count.openapi({ description: 'Left out under load.' }),
    agreement: z
      .strictObject({ share: number, low: z.number(), high: z.number() })
      .openapi({ description: 'Of those that the stable version answered; the interval is at 95 %.' }),
    distance: z
      .strictObject({ ...quantiles, max: number })
      .openapi({ description: 'Largest difference of two numbers of the answers to one input.' }),
    run_ms: z
      .strictObject({ stable: times, candidate: times, mean_difference: number })
      .openapi({ description: 'Time in the runner of the micro-batch that each was part of.' }),
    verdict: z.enum(verdicts),
    worst: z
      .array(
        z.strictObject({
          prediction: z.string(),
          distance: number,
          stable_output: z.string().nullable(),
          candidate_output: z.string().nullable(),
        }),
      )
      .openapi({
        description: 'Your predictions that the candidate answered otherwise, the worst first, at most 20.',
      }),
  })
  .openapi('ShadowComparison')
export type WireShadow = z.infer<typeof shadowSchema>

export const startReplayBody = z
  .strictObject({
    candidate: z
      .string()
      .min(1)
      .max(300)
      .openapi({ description: 'Id or label of the version that repeats.' }),
    last: z.int().min(1).max(mostReplayed).openapi({ description: 'How many of your newest predictions.' }),
  })
  .openapi('StartReplay')

export const replaySchema = z
  .strictObject({
    id: z.string(),
    model: z.string(),
    candidate: z.strictObject({ id: z.string(), label: z.string().nullable() }),
    status: z.enum(['running', 'completed']),
    created_at: z.iso.datetime(),
    total: count,
    done: count,
    comparison: shadowSchema,
  })
  .openapi('Replay')
export type WireReplay = z.infer<typeof replaySchema>
