import { setting, sharedSettings } from '@augur/core/config'
import { z } from 'zod'

/** What the launcher itself reads; the processes it starts read the same environment for the rest. */
export const cliSettings = sharedSettings.extend({
  HOST: z.string().default('127.0.0.1'),
  /** 0 takes any free port. */
  PORT: setting.integer(0, 65_535, 8000),
  // Unlike the other processes, the launcher starts a private server when none is named.
  REDIS_URL: sharedSettings.shape.REDIS_URL.unwrap().optional(),
  AUGUR_REDIS_FSYNC: z.enum(['everysec', 'always']).default('everysec'),
  AUGUR_MODELS_DIR: z.string().default('models'),
  // As workers fetch models' files, so do commands that run models themselves.
  AUGUR_MODEL_HOSTS: setting.list,
  AUGUR_MAX_MODEL_BYTES: setting.integer(1_000_000, Number.MAX_SAFE_INTEGER, 17_179_869_184),
  AUGUR_API_KEY: z.string().optional(),
  AUGUR_REQUIRE_KEY: setting.flag(false),
  AUGUR_TRUSTED_PROXIES: setting.list,
  /** The API that commands talk to. */
  AUGUR_URL: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).optional(),
  /** Worker processes. */
  AUGUR_WORKERS: setting.integer(1, 256, 1),
  /** Side port of the first worker; each further worker takes the next one. */
  AUGUR_WORKER_PORT: setting.integer(0, 65_535, 0),
  /** What a worker is given to finish its running predictions; it reads the same setting. */
  AUGUR_GRACE_SECONDS: setting.integer(0, 3600, 4),
  /** Whether a process that ends by itself is started again; if not, its end is the end of all. */
  AUGUR_RESTART: z.stringbool().default(true),
})
export type CliSettings = z.infer<typeof cliSettings>
