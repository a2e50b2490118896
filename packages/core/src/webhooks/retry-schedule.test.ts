import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  defaultRetryDelaysMs,
  nextAttemptDelayMs,
  parseRetryAfter,
  parseRetrySchedule,
} from './retry-schedule.js'

const now = Date.parse('2026-01-01T00:00:00Z')
const hourMs = 3_600_000
const dayMs = 24 * hourMs

function waitFor(attempt: number, retryAfter: string) {
  return nextAttemptDelayMs(attempt, { now, retryAfter, random: () => 0.5 })
}

describe('nextAttemptDelayMs', () => {
  it('makes ten attempts over 75 h 35 min and 5 s by default', () => {
    const delays = Array.from({ length: 10 }, (_, index) =>
      nextAttemptDelayMs(index + 1, { now, random: () => 0.5 }),
    )
    expect(delays).toEqual([...defaultRetryDelaysMs, null])
    expect(defaultRetryDelaysMs.reduce((sum, delay) => sum + delay)).toBe(75 * hourMs + 35 * 60_000 + 5_000)
  })

  it('stays within 20 % of any schedule, and ends where it ends', () => {
    const schedule = fc.array(fc.integer({ min: 1, max: dayMs }), { maxLength: 20 })
    fc.assert(
      fc.property(schedule, fc.double({ min: 0, max: 0.999_999, noNaN: true }), (delaysMs, roll) => {
        for (const [index, delay] of delaysMs.entries()) {
          const next = nextAttemptDelayMs(index + 1, { delaysMs, now, random: () => roll }) ?? Number.NaN
          expect(next).toBeGreaterThanOrEqual(Math.floor(delay * 0.8))
          expect(next).toBeLessThanOrEqual(Math.ceil(delay * 1.2))
        }
        expect(nextAttemptDelayMs(delaysMs.length + 1, { delaysMs, now })).toBeNull()
      }),
    )
  })

  it('never comes before the time that the receiver asked for, nor before the schedule', () => {
    expect(waitFor(1, '120')).toBe(120_000)
    expect(waitFor(1, '0')).toBe(5_000)
    expect(waitFor(2, '120')).toBe(300_000)
    expect(waitFor(1, 'Thu, 01 Jan 2026 00:02:00 GMT')).toBe(120_000)
    expect(waitFor(1, '999999999')).toBe(dayMs)
    expect(waitFor(1, 'soon')).toBe(5_000)
  })

  it('grants no attempt beyond the schedule, whatever the receiver asks for', () => {
    expect(nextAttemptDelayMs(10, { now, retryAfter: '60' })).toBeNull()
  })
})

describe('parseRetryAfter', () => {
  it('keeps any number of seconds within 1 s and 24 h', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 400n }), (seconds) => {
        const expected = Math.min(Math.max(Number(seconds) * 1_000, 1_000), dayMs)
        expect(parseRetryAfter(` ${seconds} `, now)).toBe(expected)
      }),
    )
  })

  it('reads the three forms of an HTTP date', () => {
    const forms = [
      'Thu, 01 Jan 2026 01:00:00 GMT',
      'Thursday, 01-Jan-26 01:00:00 GMT',
      'Thu Jan  1 01:00:00 2026',
    ]
    expect(forms.map((form) => parseRetryAfter(form, now))).toEqual([hourMs, hourMs, hourMs])
  })

  it('keeps any date within 1 s and 24 h from now', () => {
    const date = fc.date({ min: new Date('1971-01-01'), max: new Date('9999-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(date, (at) => {
        const wait = Math.floor(at.getTime() / 1_000) * 1_000 - now
        expect(parseRetryAfter(at.toUTCString(), now)).toBe(Math.min(Math.max(wait, 1_000), dayMs))
      }),
    )
  })

  it.each(['', 'soon', '-5', '1.5', '+5', '5s', '0x10', '2026-01-01', 'Thu', 'Thu, 99 Foo 2026'])(
    'ignores %j',
    (header) => {
      expect(parseRetryAfter(header, now)).toBeNull()
    },
  )
})

describe('parseRetrySchedule', () => {
  it('reads back any schedule that is written in its units', () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: hourMs }
    const delay = fc.tuple(fc.integer({ min: 1, max: 168 }), fc.constantFrom('ms', 's', 'm', 'h'))
    fc.assert(
      fc.property(fc.array(delay, { minLength: 1, maxLength: 50 }), (delays) => {
        const text = delays.map(([count, unit]) => count + unit).join(', ')
        const delaysMs = delays.map(([count, unit]) => count * units[unit])
        expect(parseRetrySchedule(text)).toEqual({ ok: true, delaysMs })
      }),
    )
  })

  it('reads the default', () => {
    const parsed = parseRetrySchedule('5s,5m,30m,2h,5h,10h,14h,20h,24h')
    expect(parsed).toEqual({ ok: true, delaysMs: [...defaultRetryDelaysMs] })
  })

  it.each([
    '',
    ',',
    '5s,',
    '5',
    's',
    '0s',
    '-5s',
    '1.5h',
    '5 s',
    '5S',
    '169h',
    '5d',
    '1e3s',
    'constructor',
    '5s;5m',
  ])('refuses %j', (text) => {
    expect(parseRetrySchedule(text)).toMatchObject({ ok: false })
  })

  it('refuses more than 50 delays', () => {
    expect(parseRetrySchedule(Array(51).fill('1s').join(','))).toMatchObject({ ok: false })
  })

  it('never throws and never gives a delay outside of 1 ms and 7 days', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseRetrySchedule(text)
        expect(!parsed.ok || parsed.delaysMs.every((delay) => delay >= 1 && delay <= 7 * dayMs)).toBe(true)
      }),
    )
  })
})
