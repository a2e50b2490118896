const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: second, m: minute, h: hour }

const maxDelayMs = 7 * 24 * hour
const maxRetries = 50
const jitter = 0.2
const retryAfterMs = { min: second, max: 24 * hour }

/** Delays before the second and later attempts: ten attempts over 75 h 35 min, the first retry within seconds. */
export const defaultRetryDelaysMs: readonly number[] = [
  5 * second,
  5 * minute,
  30 * minute,
  ...[2, 5, 10, 14, 20, 24].map((hours) => hours * hour),
]

export type RetryScheduleParse = { ok: true; delaysMs: number[] } | { ok: false; reason: string }

function parseDelay(text: string): number | null {
  const [, digits, unit = ''] = /^(\d{1,9})(ms|s|m|h)$/.exec(text.trim()) ?? []
  const delayMs = Number(digits) * (unitMs[unit] ?? Number.NaN)
  return delayMs >= 1 && delayMs <= maxDelayMs ? delayMs : null
}

/** Parses AUGUR_WEBHOOK_RETRIES: whole numbers with `ms`, `s`, `m` or `h`, as in `5s,5m,2h`; each at most 7 days. */
export function parseRetrySchedule(text: string): RetryScheduleParse {
  const delays = text.split(',').map(parseDelay)
  const delaysMs = delays.filter((delay) => delay !== null)
  if (delaysMs.length < delays.length)
    return { ok: false, reason: 'must be delays of up to 7 days, as in 5s,5m,2h' }
  if (delaysMs.length > maxRetries) return { ok: false, reason: `must hold at most ${maxRetries} delays` }
  return { ok: true, delaysMs }
}

function parseHttpDate(text: string): number {
  // Date.parse would also read `1.5` and `-3` as dates, and the old asctime form, which names no zone, as local time.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/i.test(text)) return Number.NaN
  return Date.parse(/GMT$/i.test(text) ? text : `${text} GMT`)
}

/** The wait that a Retry-After header asks for, between 1 s and 24 h; null when it is neither seconds nor a date. */
export function parseRetryAfter(header: string, nowMs: number): number | null {
  const text = header.trim()
  const waitMs = /^\d+$/.test(text) ? Number(text) * second : parseHttpDate(text) - nowMs
  if (Number.isNaN(waitMs)) return null
  return Math.min(Math.max(waitMs, retryAfterMs.min), retryAfterMs.max)
}

interface RetryOptions {
  delaysMs?: readonly number[]
  /** The header of a 429 or 503 answer. */
  retryAfter?: string | undefined
  /** Milliseconds since 1970. */
  now: number
  /** At least 0, below 1. */
  random?: () => number
}

/**
 * How long to wait after failed attempt number `attempt` (1 is the first): the scheduled delay ±20 %, and never less
 * than the receiver asked for. Null when it was the last attempt.
 */
export function nextAttemptDelayMs(attempt: number, options: RetryOptions): number | null {
  const { delaysMs = defaultRetryDelaysMs, retryAfter, now, random = Math.random } = options
  const scheduledMs = delaysMs[attempt - 1]
  if (scheduledMs === undefined) return null
  const jitteredMs = Math.round(scheduledMs * (1 - jitter + 2 * jitter * random()))
  const askedMs = retryAfter === undefined ? null : parseRetryAfter(retryAfter, now)
  return Math.max(jitteredMs, askedMs ?? 0)
}
