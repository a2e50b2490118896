import { idempotencyKeyHeader } from '../idempotency-documentation.js'

const header = (name: string, description: string) => ({
  in: 'header' as const,
  name,
  description,
  required: false,
  schema: { type: 'string' as const },
})

/** Headers that a create reads. They are parsed by hand: Hono's validator would copy every header first. */
const prefer = header('Prefer', '`wait` or `wait=<seconds>` holds the request until the prediction ends.')
export const cancelAfterHeader = header(
  'Cancel-After',
  'When it is canceled unless it has ended, counted from its creation: `90`, `5m` or `1h30m45s`; 5 s to 168 h.',
)

export const createHeaders = [prefer, idempotencyKeyHeader]

/** What every create can be refused for. */
export const createRefusals = [
  'invalid_request',
  'invalid_json',
  'idempotency_in_progress',
  'gone',
  'payload_too_large',
  'unsupported_media_type',
  'invalid_input',
  'idempotency_mismatch',
  'quota_exceeded',
  'overloaded',
  'no_worker',
  'version_draining',
] as const
