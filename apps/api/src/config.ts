import { setting, sharedSettings } from '@augur/core/config'
import { isLoopbackHost } from '@augur/core/outbound/check-address'
import { z } from 'zod'

const origin = z.string().refine((text) => URL.canParse(text) && new URL(text).origin === text, {
  error: 'must be origins such as https://example.com, separated by commas',
})

/** Settings of an API process; `.env` explains each. */
export const apiSettings = sharedSettings
  .extend({
    HOST: z.string().default('127.0.0.1'),
    PORT: setting.integer(0, 65_535, 8000),
    AUGUR_API_KEY: z.string().min(16, 'must hold at least 16 characters').optional(),
    AUGUR_CORS_ORIGINS: setting.list.pipe(z.array(origin)),
    AUGUR_DEFAULT_MODEL: z.string().default('augur/digits'),
    AUGUR_MAX_BODY_BYTES: setting.integer(1024, 1_073_741_824, 10 * 1024 * 1024),
    // Clients give up 60 s after a plain `Prefer: wait`; an answer must be there before.
    AUGUR_MAX_WAIT_SECONDS: setting.integer(1, 55, 55),
    AUGUR_NO_WORKER_GRACE_SECONDS: setting.integer(0, 3600, 10),
  })
  .superRefine(({ HOST, AUGUR_API_KEY }, context) => {
    if (isLoopbackHost(HOST) || AUGUR_API_KEY !== undefined) return
    const message = 'is needed where HOST is reachable by others'
    context.addIssue({ code: 'custom', path: ['AUGUR_API_KEY'], message })
  })
export type ApiSettings = Readonly<z.infer<typeof apiSettings>>
