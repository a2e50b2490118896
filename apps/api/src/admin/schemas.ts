import { auditedActions } from '@augur/core/access/audit-log'
import { scopes } from '@augur/core/access/scopes'
import { versionStates } from '@augur/core/models/presence'
import { defaultTenant, tenantPattern } from '@augur/core/tenant'
import { webhookEvents } from '@augur/core/webhooks/webhook-events'
import { z } from '@hono/zod-openapi'

const time = z.iso.datetime()
const day = 86_400

const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{C}+$/u, 'must hold printable characters only')
  .openapi({ description: 'What it is for; shown in lists.' })

const limits = {
  max_open_predictions: z.int().min(0).max(100_000_000).nullish().openapi({
    description: 'Predictions that may wait or run at a time; 0: any number, null: as the settings say.',
  }),
  requests_per_second: z
    .int()
    .min(0)
    .max(1_000_000)
    .nullish()
    .openapi({ description: '0: any number, null: as the settings say.' }),
}

const webhook = {
  webhook: z.string().max(2048).nullish().openapi({
    description: 'Where events of its predictions go when their create names no webhook; null: nowhere.',
  }),
  webhook_events_filter: z
    .array(z.enum(webhookEvents))
    .min(1)
    .max(16)
    .optional()
    .openapi({ description: 'Events that go there; all of them by default.' }),
}
const namesItsWebhook = (body: { webhook?: string | null | undefined; webhook_events_filter?: unknown }) =>
  body.webhook_events_filter === undefined || body.webhook != null
const needsWebhook = { path: ['webhook_events_filter'], message: 'needs a webhook beside it' }

export const newKeyBody = z
  .strictObject({
    name,
    tenant: z
      .string()
      .regex(tenantPattern, 'must be lower-case letters, digits and dashes, 63 at most')
      .default(defaultTenant)
      .openapi({ description: 'Whose predictions, webhooks and quotas it is about.' }),
    scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
    expires_in_seconds: z
      .int()
      .min(1)
      .max(3650 * day)
      .nullish()
      .openapi({ description: 'Never, if left out.' }),
    ...limits,
    ...webhook,
  })
  .refine(namesItsWebhook, needsWebhook)
  .openapi('NewApiKey')

export const updateBody = z
  .strictObject({ name: name.optional(), ...limits, ...webhook })
  .refine(namesItsWebhook, needsWebhook)
  .refine((changes) => Object.keys(changes).length > 0, 'must hold what is to change')
  .openapi('UpdateApiKey')

export const rotateBody = z
  .strictObject({
    grace_seconds: z
      .int()
      .min(0)
      .max(90 * day)
      .default(3600)
      .openapi({ description: 'How long the old key stays good.' }),
  })
  .openapi('RotateApiKey')

const keyFields = {
  id: z.string().openapi({ description: 'The readable part of the key.' }),
  name: z.string(),
  tenant: z.string(),
  scopes: z.array(z.enum(scopes)),
  max_open_predictions: z.int().nullable(),
  requests_per_second: z.int().nullable(),
  webhook: z.string().nullable(),
  webhook_events_filter: z.array(z.enum(webhookEvents)).nullable(),
  created_at: time,
  expires_at: time.nullable(),
  retires_at: time.nullable().openapi({ description: 'Set when it was rotated: the end of its grace.' }),
  revoked_at: time.nullable(),
}

export const keySchema = z.strictObject(keyFields).openapi('ApiKey')
export type WireKey = z.infer<typeof keySchema>

export const createdKeySchema = z
  .strictObject({
    ...keyFields,
    key: z.string().openapi({ description: 'The key itself, shown here only.' }),
  })
  .openapi('CreatedApiKey')

const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({ next: z.url().nullable(), previous: z.null(), results: z.array(item) })

export const keyPageSchema = pageOf(keySchema).openapi('ApiKeyPage')

export const pausableSchema = z
  .strictObject({
    model: z.string(),
    version: z.string(),
    label: z.string(),
    paused: z.boolean().openapi({ description: 'Nothing of its queue begins.' }),
    draining: z.boolean().openapi({ description: 'Nothing new comes into its queue.' }),
  })
  .openapi('PausableVersion')
export type WirePausable = z.infer<typeof pausableSchema>
export const purgedSchema = pausableSchema
  .extend({ canceled: z.int().min(0).openapi({ description: 'Predictions that waited.' }) })
  .openapi('PurgedVersion')
export const pausablePageSchema = pageOf(pausableSchema).openapi('PausableVersionPage')

const count = z.int().min(0)
const versionOverview = z
  .strictObject({
    model: z.string(),
    version: z.string(),
    label: z.string(),
    state: z.enum([...versionStates, 'unserved']),
    state_reason: z.string().nullable(),
    is_stable: z.boolean().openapi({ description: 'Whether by-model traffic goes to it.' }),
    workers: count.openapi({ description: 'Living workers that know it.' }),
    paused: z.boolean(),
    draining: z.boolean(),
    open: count.openapi({ description: 'Predictions that wait or run.' }),
    oldest_age_seconds: z.number().nullable().openapi({ description: 'Of the oldest open one.' }),
    ran_per_second: z.number().nullable().openapi({
      description: 'Over the last minute; null while none was seen.',
    }),
    accepted: count.openapi({ description: 'Ever, as are those that ended.' }),
    succeeded: count,
    failed: count,
    canceled: count,
  })
  .openapi('VersionOverview')

export const overviewSchema = z
  .strictObject({
    at: time,
    workers: count.openapi({ description: 'Living ones.' }),
    versions: z.array(versionOverview),
    rollouts: z.array(z.string()).openapi({ description: 'Models that have one.' }),
  })
  .openapi('Overview')
export type WireOverview = z.infer<typeof overviewSchema>

const accountSchema = z
  .strictObject({
    model: z.string(),
    version: z.string(),
    label: z.string(),
    accepted: z.int(),
    open: z.int(),
    terminal: z.int(),
    gap: z.int().openapi({ description: 'accepted − open − terminal; 0 unless something was lost.' }),
    open_without_record: z.int().openapi({ description: '0 unless something was lost.' }),
    open_without_job: z.int().openapi({
      description:
        'Open predictions that their queue does not know; not 0 while the reconciler has some to put back.',
    }),
  })
  .openapi('Account')
export type WireAccount = z.infer<typeof accountSchema>
export const accountingPageSchema = pageOf(accountSchema).openapi('AccountPage')

const auditEntrySchema = z
  .strictObject({
    id: z.string(),
    at: time,
    action: z.enum(auditedActions),
    target: z
      .string()
      .openapi({ description: 'The id of a key or a version, the name of a model or of a tenant.' }),
    actor: z.string().openapi({
      description: 'The id of a key, `static` for the key of the settings, `local` where no key is needed.',
    }),
    tenant: z.string().openapi({ description: 'That of the actor.' }),
    address: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .openapi('AuditEntry')
export type WireAuditEntry = z.infer<typeof auditEntrySchema>

export const auditPageSchema = pageOf(auditEntrySchema).openapi('AuditPage')
