import { expect, test } from 'vitest'
import type { Answered } from './predict.js'
import { summarise } from './results.js'
import type { Way } from './samples.js'

interface Case {
  label?: string
  status?: 'succeeded' | 'failed'
  way?: Way
  matchesGet?: boolean
}

/** A written 7, and what came back. */
function answered({
  label = '7',
  status = 'succeeded',
  way = 'poll',
  matchesGet = true,
}: Case = {}): Answered {
  return {
    sample: { label: '7', pixels: [], form: 'pixels', way },
    prediction: { id: 'x', status, output: status === 'failed' ? null : { label, probabilities: {} } },
    durationMs: 1,
    matchesGet,
  }
}

const nineRight = Array.from({ length: 9 }, () => answered())
const noWebhooks = { webhooks: 0, verified: 0 }

test('one digit in ten may be misread, two may not', () => {
  const misread = answered({ label: '1' })
  expect(summarise([...nineRight, misread], noWebhooks)).toEqual({
    predictions: 10,
    succeeded: 10,
    correct: 9,
    webhooks: 0,
    verified: 0,
    ok: true,
  })
  expect(summarise([...nineRight, misread, misread], noWebhooks).ok).toBe(false)
})

test('a single failure, or an answer that GET does not confirm, is no success', () => {
  expect(summarise([...nineRight, answered({ status: 'failed' })], noWebhooks)).toMatchObject({
    succeeded: 9,
    correct: 9,
    ok: false,
  })
  expect(summarise([...nineRight, answered({ matchesGet: false })], noWebhooks).ok).toBe(false)
})

test('every webhook has to come, once, with a valid signature', () => {
  const all = [answered({ way: 'webhook' }), answered({ way: 'webhook' })]
  const okWith = (webhooks: number, verified: number) => summarise(all, { webhooks, verified }).ok
  expect([okWith(2, 2), okWith(2, 1), okWith(1, 1), okWith(3, 2)]).toEqual([true, false, false, false])
})

test('nothing sent is no success', () => {
  expect(summarise([], noWebhooks).ok).toBe(false)
})
