import { auditedActions } from '@augur/core/access/audit-log'
import { scopes } from '@augur/core/access/scopes'
import { defaultTenant, tenantPattern } from '@augur/core/tenant'
import { z } from '@hono/zod-openapi'

const time = z.iso.datetime()
const day = 86_400

export const newKeyBody = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(100)
      .regex(/^\P{C}+$/u, 'must hold printable characters only')
      .openapi({ description: 'What it is for; shown in lists.' }),
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
  })
  .openapi('NewApiKey')

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

const auditEntrySchema = z
  .strictObject({
    id: z.string(),
    at: time,
    action: z.enum(auditedActions),
    target: z.string().openapi({ description: 'The id of a key, the name of a model or of a tenant.' }),
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
