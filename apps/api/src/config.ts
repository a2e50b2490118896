import { setting, sharedSettings } from '@augur/core/config'
import { parseProxy } from '@augur/core/access/client-address'
import { z } from 'zod'

const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
  error: 'must be origins such as https://example.com, separated by commas',
})

const mediaRange = z
  .string()
  .regex(/^[a-z0-9.+-]+\/(?:[a-z0-9.+-]+|\*)$/, 'must be media types such as image/*')

const proxies = setting.list.transform((entries, context) => {
  const ranges = entries.map(parseProxy).filter((range) => range !== null)
  if (ranges.length === entries.length) return ranges
  context.addIssue({ code: 'custom', message: 'must be addresses or ranges such as 10.0.0.0/8' })
  return z.NEVER
})

/** Settings of an API process; `.env` explains each. */
export const apiSettings = sharedSettings.extend({
  HOST: z.string().default('127.0.0.1'),
  PORT: setting.integer(0, 65_535, 8000),
  AUGUR_API_KEY: z
    .string()
    .min(16, 'must hold at least 16 characters')
    .regex(/^[\x21-\x7e]+$/, 'must hold letters, digits and signs of ASCII only, and no space')
    .optional(),
  AUGUR_REQUIRE_KEY: setting.flag(false),
  AUGUR_MAX_FAILED_ATTEMPTS: setting.integer(1, 1_000_000, 10),
  AUGUR_TRUSTED_PROXIES: proxies,
  AUGUR_MAX_REQUESTS_PER_SECOND: setting.integer(0, 1_000_000, 0),
  AUGUR_MAX_OPEN_PREDICTIONS: setting.integer(0, 100_000_000, 0),
  AUGUR_MAX_OPEN_PER_CALLER: setting.integer(0, 100_000_000, 0),
  AUGUR_MAX_OPEN_PER_VERSION: setting.integer(0, 100_000_000, 100_000),
  AUGUR_MAX_AUDIT_ENTRIES: setting.integer(100, 100_000_000, 100_000),
  AUGUR_MAX_STREAMS: setting.integer(1, 1_000_000, 2000),
  AUGUR_MAX_TENANT_STREAMS: setting.integer(0, 1_000_000, 1000),
  AUGUR_MAX_WAITING: setting.integer(0, 1_000_000, 10_000),
  AUGUR_MAX_TENANT_WAITING: setting.integer(0, 1_000_000, 0),
  AUGUR_MAX_STREAM_BYTES: setting.integer(1, 1_099_511_627_776, 128 * 1024 * 1024),
  AUGUR_CORS_ORIGINS: setting.list.pipe(z.array(origin)),
  AUGUR_DEFAULT_MODEL: z.string().default('augur/digits'),
  AUGUR_MAX_BODY_BYTES: setting.integer(1024, 1_073_741_824, 10 * 1024 * 1024),
  // Parsing recurses, and so does what looks at what was parsed.
  AUGUR_MAX_JSON_DEPTH: setting.integer(4, 500, 32),
  AUGUR_MAX_JSON_VALUES: setting.integer(1000, 100_000_000, 1_000_000),
  AUGUR_MAX_TENSOR_ELEMENTS: setting.integer(1, 2_147_483_647, 134_217_728),
  AUGUR_MAX_CONNECTIONS: setting.integer(1, 1_000_000, 20_000),
  AUGUR_MAX_BATCH_LINES: setting.integer(1, 10_000_000, 50_000),
  AUGUR_MAX_BATCH_BYTES: setting.integer(1024, 1_099_511_627_776, 200 * 1024 * 1024),
  AUGUR_MAX_OPEN_BATCHES: setting.integer(0, 1_000_000, 100),
  AUGUR_MAX_FILE_BYTES: setting.integer(1024, 1_099_511_627_776, 100 * 1024 * 1024),
  AUGUR_MAX_FILES: setting.integer(1, 100_000_000, 10_000),
  AUGUR_MAX_FILES_BYTES: setting.integer(1024, Number.MAX_SAFE_INTEGER, 10 * 1024 ** 3),
  AUGUR_FILE_TYPES: setting.list.pipe(z.array(mediaRange)),
  // Clients give up 60 s after a plain `Prefer: wait`; an answer must be there before.
  AUGUR_MAX_WAIT_SECONDS: setting.integer(1, 55, 55),
  AUGUR_SCALE_TO_ZERO: setting.flag(false),
  AUGUR_NO_WORKER_GRACE_SECONDS: setting.integer(0, 3600, 10),
  AUGUR_LEAVE_SECONDS: setting.integer(0, 600, 0),
})
export type ApiSettings = Readonly<z.infer<typeof apiSettings>>
