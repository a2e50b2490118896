/** What the header does to a request that creates something. Parsed by hand: Hono's validator would copy every header. */
export const idempotencyKeyHeader = {
  in: 'header' as const,
  name: 'Idempotency-Key',
  description: 'Repeats of a request with the same key create one thing; kept for 24 h.',
  required: false,
  schema: { type: 'string' as const },
}

/** What a request with the header can be refused for. */
export const idempotencyRefusals = [
  'invalid_request',
  'idempotency_in_progress',
  'gone',
  'idempotency_mismatch',
] as const
