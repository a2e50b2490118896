import { z } from '@hono/zod-openapi'

const time = z.iso.datetime()
const metadata = z.record(z.string(), z.unknown())

export const fileForm = {
  type: 'object' as const,
  required: ['content'],
  properties: {
    content: { type: 'string' as const, format: 'binary', description: 'The file.' },
    metadata: {
      type: 'string' as const,
      description: 'A JSON object of 16 KiB at most, answered as it is; as text or as a part with a type.',
    },
    filename: { type: 'string' as const, description: 'The name of the file, where its own part has none.' },
    type: { type: 'string' as const, description: 'Accepted, and without effect: files are looked at.' },
  },
}

export const fileSchema = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    content_type: z.string().openapi({ description: 'By the first bytes of the file.' }),
    size: z.int().min(0).openapi({ description: 'Bytes.' }),
    etag: z.string().openapi({ description: 'The MD5 of the file.' }),
    checksums: z.strictObject({ sha256: z.string(), md5: z.string() }),
    metadata,
    created_at: time,
    expires_at: time,
    urls: z.strictObject({
      get: z.url().openapi({ description: 'Also what to give as an input.' }),
      download: z.url().openapi({ description: 'The bytes, without a key, until the file expires.' }),
    }),
  })
  .openapi('File')
export type WireFile = z.infer<typeof fileSchema>

export const filePageSchema = z
  .strictObject({ next: z.url().nullable(), previous: z.null(), results: z.array(fileSchema) })
  .openapi('FilePage')
