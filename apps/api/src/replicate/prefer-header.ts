import { ServiceError } from '@augur/core/errors'

/** How long a create is held for the prediction's end; null answers at once. */
export type Hold = { seconds: number; applied: string } | null

const wholeNumber = /^\d{1,9}$/

/**
 * Seconds of a wait, never more than `maxSeconds`.
 * @throws ServiceError `invalid_request` when it is not a whole number
 */
export function parseWaitSeconds(text: string, maxSeconds: number): number {
  if (!wholeNumber.test(text)) {
    throw new ServiceError('invalid_request', 'The time to wait must be a whole number of seconds.')
  }
  return Math.min(Number(text), maxSeconds)
}

/**
 * Reads `Prefer: wait` or `Prefer: wait=<seconds>` (RFC 7240), among other preferences.
 * @throws ServiceError `invalid_request`
 */
export function parsePrefer(header: string | undefined, maxSeconds: number): Hold {
  for (const preference of header?.split(',') ?? []) {
    const [name = '', value] = preference.split(';', 1)[0]?.split('=', 2) ?? []
    if (name.trim().toLowerCase() !== 'wait') continue
    if (value === undefined) return { seconds: maxSeconds, applied: 'wait' }
    const seconds = parseWaitSeconds(value.trim().replace(/^"(.*)"$/, '$1'), maxSeconds)
    return seconds === 0 ? null : { seconds, applied: `wait=${seconds}` }
  }
  return null
}
