import { setting, sharedSettings } from '@augur/core/config'
import { executionProviders } from '@augur/core/models/manifest'
import { z } from 'zod'

export const workerRoles = ['predictions', 'webhooks', 'maintenance'] as const
export type WorkerRole = (typeof workerRoles)[number]

const providers = setting.list.pipe(z.array(z.enum(executionProviders)))
const roles = setting.list.pipe(z.array(z.enum(workerRoles)))

/** Settings of a worker process; `.env` explains each. */
export const workerSettings = sharedSettings.extend({
  HOST: z.string().default('127.0.0.1'),
  PORT: setting.integer(0, 65_535, 8000),
  AUGUR_MODELS_DIR: z.string().default('models'),
  AUGUR_MODELS: setting.list,
  AUGUR_MAX_MODEL_BYTES: setting.integer(1_000_000, Number.MAX_SAFE_INTEGER, 17_179_869_184),
  AUGUR_MODEL_HOSTS: setting.list,
  AUGUR_MAX_FETCH_BYTES: setting.integer(1024, 1_073_741_824, 10 * 1024 * 1024),
  AUGUR_FETCH_SECONDS: setting.integer(1, 600, 10),
  AUGUR_MODELS_RESCAN_SECONDS: setting.integer(1, 86_400, 5),
  AUGUR_DRAIN_SECONDS: setting.integer(0, 604_800, 60),
  AUGUR_WORKER_ROLES: roles.transform((given) => (given.length > 0 ? given : [...workerRoles])),
  AUGUR_WORKER_HOST: z.string().default('127.0.0.1'),
  AUGUR_WORKER_PORT: setting.integer(0, 65_535, 0),
  AUGUR_RUN_SLOTS: setting.integer(0, 1024, 0),
  AUGUR_MAX_SHADOWS: setting.integer(0, 1_000_000, 1000),
  AUGUR_ROLLOUT_WEBHOOK: z.url({ protocol: /^https?$/ }).optional(),
  AUGUR_SHADOW_CPU_PERCENT: setting.integer(1, 100, 75),
  AUGUR_MAX_RUNNERS: setting.integer(0, 4096, 0),
  AUGUR_EXECUTION_PROVIDERS: providers.transform((given) => (given.length > 0 ? given : ['cpu' as const])),
  AUGUR_RUNNER_MEMORY_MB: setting.integer(0, 16_777_216, 0),
  AUGUR_MAX_IMAGE_PIXELS: setting.integer(1, 268_402_689, 25_000_000),
  AUGUR_RUNNER_HEAP_MB: setting.integer(64, 65_536, 512),
  AUGUR_RUNNER_LIBRARY_PATH: z.string().optional(),
  AUGUR_CUDA_DEVICES: z.string().optional(),
  AUGUR_GRACE_SECONDS: setting.integer(0, 3600, 4),
  AUGUR_LOCK_SECONDS: setting.integer(1, 3600, 10),
  AUGUR_MAX_LOST_WORKERS: setting.integer(1, 1000, 5),
  AUGUR_RECONCILE_GRACE_SECONDS: setting.integer(1, 3600, 10),
  AUGUR_WEBHOOK_CONCURRENCY: setting.integer(1, 4096, 64),
  AUGUR_WEBHOOK_PER_RECEIVER: setting.integer(1, 4096, 16),
  AUGUR_WEBHOOK_PAUSE_SECONDS: setting.integer(0, 3600, 30),
})
export type WorkerSettings = Readonly<z.infer<typeof workerSettings>>
