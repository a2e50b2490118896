import { ServiceError } from '@augur/core/errors'

const shape = /^(?:(\d{1,9})|(?=\d)(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?)$/
const leastMs = 5000
const mostMs = 7 * 24 * 3600 * 1000

/**
 * Reads `Cancel-After`: `90`, `90s`, `5m` or `1h30m45s`, seconds where no unit stands. Milliseconds, or null without one.
 * @throws ServiceError `invalid_request` for another form, less than 5 s or more than 7 days
 */
export function parseCancelAfter(header: string | undefined): number | null {
  if (header === undefined) return null
  const [matched, plain = 0, hours = 0, minutes = 0, seconds = 0] = shape.exec(header.trim()) ?? []
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds) + Number(plain)) * 1000
  if (matched === undefined || ms < leastMs || ms > mostMs) {
    throw new ServiceError('invalid_request', 'Cancel-After must be 5 s to 168 h, as in 30, 5m or 1h30m45s.')
  }
  return ms
}
