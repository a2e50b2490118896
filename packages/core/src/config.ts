import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import { parseRetrySchedule } from './webhooks/retry-schedule.js'
import { errnoOf } from './errno.js'
import { parseFailpoint } from './failpoints.js'

/** Thrown when settings are wrong; the message lists every problem, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

type Environment = Record<string, string | undefined>

function readEnvFile(path: string): Environment {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return {}
    throw error
  }
}

/** Settings that may be read from a file instead, which `<name>_FILE` names, as containers are given their secrets. */
export const secretSettings = [
  'AUGUR_API_KEY',
  'AUGUR_MASTER_KEY',
  'AUGUR_S3_ACCESS_KEY_ID',
  'AUGUR_S3_SECRET_ACCESS_KEY',
  'REDIS_URL',
] as const

function readSecretFile(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new ConfigError(
      `Settings are wrong:\n  ${name}_FILE: cannot be read (${errnoOf(error) ?? 'unknown error'})`,
    )
  }
}

/** What is set wins over its file, so that a launcher can hand on what it made of it. */
function readSecretFiles(env: Environment, folder: string): Environment {
  const found: Environment = {}
  for (const name of secretSettings) {
    const path = env[`${name}_FILE`]
    if (path && !env[name]) found[name] = readSecretFile(name, resolve(folder, path))
  }
  return found
}

/**
 * The process environment over `.env.local` over `.env`, both read from `folder`, with the secrets that files hold.
 * @throws ConfigError when such a file cannot be read
 */
export function readEnvironment(processEnv: Environment, folder: string): Environment {
  const env = {
    ...readEnvFile(join(folder, '.env')),
    ...readEnvFile(join(folder, '.env.local')),
    ...processEnv,
  }
  return { ...env, ...readSecretFiles(env, folder) }
}

/**
 * Parses settings from a plain object; an empty string counts as not set.
 * @throws ConfigError that names every wrong setting at once.
 */
export function loadConfig<S extends z.ZodType>(schema: S, env: Environment): Readonly<z.infer<S>> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = schema.safeParse(given)
  if (parsed.success) return Object.freeze(parsed.data)
  const problems = parsed.error.issues.map(
    (issue) => `  ${issue.path.join('.') || 'settings'}: ${issue.message}`,
  )
  throw new ConfigError(`Settings are wrong:\n${problems.join('\n')}`)
}

const integer = (min: number, max: number, byDefault: number) =>
  z.coerce.number().int().min(min).max(max).default(byDefault)
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  )

const retrySchedule = z
  .string()
  .default('5s,5m,30m,2h,5h,10h,14h,20h,24h')
  .transform((text, context) => {
    const parsed = parseRetrySchedule(text)
    if (parsed.ok) return parsed.delaysMs
    context.addIssue({ code: 'custom', message: parsed.reason })
    return z.NEVER
  })

const failpoints = list.transform((texts, context) => {
  const parsed = texts.map(parseFailpoint)
  const known = parsed.filter((failpoint) => failpoint !== null)
  if (known.length === parsed.length) return known
  context.addIssue({
    code: 'custom',
    message: 'must be place:action or place:action#pass, separated by commas',
  })
  return z.NEVER
})

const flag = (byDefault: boolean) =>
  z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default(byDefault ? 'true' : 'false')
    .transform((text) => text === 'true')

/** Settings that more than one process reads. */
export const sharedSettings = z.object({
  AUGUR_MODE: z.enum(['development', 'production']).default('development'),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' })
    .default('redis://127.0.0.1:6379'),
  AUGUR_REDIS_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .default('augur'),
  AUGUR_REDIS_MAX_BYTES: z.coerce.number().int().min(1_000_000).optional(),
  AUGUR_DATA_DIR: z.string().default('.augur'),
  AUGUR_PAYLOAD_STORE: z
    .string()
    .regex(
      /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[A-Za-z0-9._-]+)*\/?$/,
      'must be s3://bucket or s3://bucket/prefix',
    )
    .optional(),
  AUGUR_PAYLOAD_INLINE_BYTES: integer(0, 1_000_000, 65_536),
  AUGUR_OUTPUT_URL_BYTES: integer(0, 1_073_741_824, 0),
  AUGUR_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  AUGUR_S3_REGION: z.string().default('us-east-1'),
  AUGUR_S3_ACCESS_KEY_ID: z.string().optional(),
  AUGUR_S3_SECRET_ACCESS_KEY: z.string().optional(),
  AUGUR_FILE_RETENTION_SECONDS: integer(1, 31_536_000, 86_400),
  AUGUR_DATA_RETENTION_SECONDS: integer(1, 31_536_000, 86_400),
  AUGUR_RECORD_RETENTION_SECONDS: integer(1, 31_536_000, 604_800),
  AUGUR_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  AUGUR_MASTER_KEY: z.string().min(32, 'must hold at least 32 characters').optional(),
  AUGUR_OUTBOUND_ALLOW: list,
  AUGUR_WEBHOOK_RETRIES: retrySchedule,
  AUGUR_FAILPOINTS: failpoints,
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  AUGUR_TRACE_PERCENT: integer(0, 100, 100),
  AUGUR_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
})
export type SharedSettings = z.infer<typeof sharedSettings>

/** The values that must stand in no log. */
export function secretsOf(settings: {
  REDIS_URL?: string | undefined
  AUGUR_API_KEY?: string | undefined
  AUGUR_MASTER_KEY?: string | undefined
  AUGUR_S3_SECRET_ACCESS_KEY?: string | undefined
}): string[] {
  const { REDIS_URL, AUGUR_API_KEY, AUGUR_MASTER_KEY, AUGUR_S3_SECRET_ACCESS_KEY } = settings
  const password = REDIS_URL === undefined ? '' : new URL(REDIS_URL).password
  const given = [
    AUGUR_API_KEY,
    AUGUR_MASTER_KEY,
    AUGUR_S3_SECRET_ACCESS_KEY,
    password,
    decodeURIComponent(password),
  ]
  return given.filter((secret) => secret !== undefined && secret !== '').map(String)
}

/** For the schemas of single processes. */
export const setting = { integer, list, flag }
