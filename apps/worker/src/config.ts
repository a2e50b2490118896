import { setting, sharedSettings } from '@augur/core/config'
import { z } from 'zod'

export const workerRoles = ['predictions', 'webhooks', 'maintenance'] as const
export type WorkerRole = (typeof workerRoles)[number]

const roles = setting.list.pipe(z.array(z.enum(workerRoles)))

/** Settings of a worker process; `.env` explains each. */
export const workerSettings = sharedSettings.extend({
  HOST: z.string().default('127.0.0.1'),
  PORT: setting.integer(0, 65_535, 8000),
  AUGUR_MODELS_DIR: z.string().default('models'),
  AUGUR_MODELS: setting.list,
  AUGUR_WORKER_ROLES: roles.transform((given) => (given.length > 0 ? given : [...workerRoles])),
  AUGUR_WORKER_HOST: z.string().default('127.0.0.1'),
  AUGUR_WORKER_PORT: setting.integer(0, 65_535, 0),
  AUGUR_RUN_SLOTS: setting.integer(0, 1024, 0),
  AUGUR_RUNNER_HEAP_MB: setting.integer(64, 65_536, 512),
  AUGUR_GRACE_SECONDS: setting.integer(0, 3600, 4),
  AUGUR_LOCK_SECONDS: setting.integer(1, 3600, 10),
  AUGUR_MAX_LOST_WORKERS: setting.integer(1, 1000, 5),
  AUGUR_RECONCILE_GRACE_SECONDS: setting.integer(1, 3600, 10),
  AUGUR_WEBHOOK_CONCURRENCY: setting.integer(1, 4096, 64),
})
export type WorkerSettings = Readonly<z.infer<typeof workerSettings>>
