import { z } from '@hono/zod-openapi'

const time = z.iso.datetime()
const longestGraceSeconds = 30 * 24 * 3600

const secretFields = {
  id: z.string(),
  created_at: time.nullable().openapi({ description: 'Null for the one that was there from the start.' }),
  expires_at: time.nullable().openapi({ description: 'Set once it is rotated: when it signs no more.' }),
}

const secretSchema = z.strictObject(secretFields).openapi('SigningSecret')
export type WireSecret = z.infer<typeof secretSchema>

export const secretListSchema = z.strictObject({ results: z.array(secretSchema) }).openapi('SigningSecrets')

export const knownSecretSchema = z
  .strictObject({ ...secretFields, key: z.string().openapi({ description: '`whsec_…`' }) })
  .openapi('NewSigningSecret')
export type WireKnownSecret = z.infer<typeof knownSecretSchema>

export const rotateSecretBody = z
  .strictObject({
    grace_seconds: z
      .int()
      .min(0)
      .max(longestGraceSeconds)
      .default(24 * 3600)
      .openapi({ description: 'How long the others sign still, so that receivers can change over.' }),
  })
  .openapi('RotateSigningSecret')
