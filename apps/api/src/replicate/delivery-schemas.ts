import { deliveryHolds, deliveryStates } from '@augur/core/webhooks/delivery'
import { z } from '@hono/zod-openapi'

const time = z.iso.datetime()

const attemptSchema = z
  .strictObject({
    at: time,
    outcome: z.enum(['delivered', 'gone', 'refused', 'failed']),
    status: z.int().nullable().openapi({ description: 'Of the answer; null where there was none.' }),
    reason: z.string().nullable().openapi({
      description:
        '`status` or `redirect`, or what was wrong with the connection: `timeout`, `connection`, `dns`, `tls`, …',
    }),
    duration_ms: z.int(),
    answer: z.string().openapi({
      description:
        'What it began with: 20 kB of the newest one, 1,000 characters of the others and in lists.',
    }),
  })
  .openapi('DeliveryAttempt')

export const deliverySchema = z
  .strictObject({
    id: z.string(),
    event: z.string(),
    source: z.string().openapi({ description: 'The id of the prediction or the batch that it tells of.' }),
    webhook: z.string(),
    webhook_id: z.string().openapi({ description: 'Its header, the same in all attempts.' }),
    state: z.enum(deliveryStates),
    created_at: time,
    next_attempt_at: time.nullable().openapi({ description: 'Null where none is due, or at once.' }),
    held_by: z
      .enum(deliveryHolds)
      .nullable()
      .openapi({
        description:
          'What keeps it from being tried, by no fault of its receiver: `signing_secret` where the secrets were sealed under ' +
          'another master key. It counts no attempts meanwhile.',
      }),
    attempts_made: z.int(),
    attempts: z.array(attemptSchema).openapi({ description: 'The newest twenty, in order.' }),
  })
  .openapi('Delivery')
export type WireDelivery = z.infer<typeof deliverySchema>

export const deliveryListSchema = z.strictObject({ results: z.array(deliverySchema) }).openapi('DeliveryList')

export const deliveryPageSchema = z
  .strictObject({ next: z.url().nullable(), previous: z.null(), results: z.array(deliverySchema) })
  .openapi('DeliveryPage')

export const replayDeliveriesBody = z
  .strictObject({ limit: z.int().min(1).max(1000).default(1000) })
  .openapi('ReplayDeliveries')

export const replayedSchema = z
  .strictObject({
    replayed: z.int(),
    more: z.boolean().openapi({ description: 'Whether there are more than `limit`.' }),
  })
  .openapi('ReplayedDeliveries')

export const testWebhookBody = z
  .strictObject({
    webhook: z.string().max(2048).nullish().openapi({ description: "By default that of the caller's key." }),
  })
  .openapi('TestWebhook')
