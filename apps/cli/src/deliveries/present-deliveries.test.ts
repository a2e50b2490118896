import { expect, test } from 'vitest'
import type { ShownDelivery } from './deliveries-api.js'
import { deliveryTable, presentDelivery } from './present-deliveries.js'

const attempt = {
  at: '2026-05-05T12:00:01.000Z',
  outcome: 'refused',
  status: 500,
  reason: 'status',
  duration_ms: 12,
  answer: 'not\nnow\u001b[2J',
}
const delivery = (more: Partial<ShownDelivery> = {}): ShownDelivery => ({
  id: 'a-prediction.completed',
  event: 'completed',
  webhook: 'https://hooks.test/',
  webhook_id: 'msg_a-prediction_completed',
  state: 'pending',
  created_at: '2026-05-05T12:00:00.000Z',
  next_attempt_at: '2026-05-05T12:00:06.000Z',
  held_by: null,
  attempts_made: 1,
  attempts: [attempt],
  ...more,
})

test('a table has one line for each delivery, with what its newest attempt came to', () => {
  const untried = { attempts: [], attempts_made: 0 }
  expect(
    deliveryTable([delivery(), delivery({ ...untried, held_by: 'signing_secret' })]).split('\n'),
  ).toEqual([
    'ID                      STATE    ATTEMPTS  NEWEST                CREATED              RECEIVER',
    'a-prediction.completed  pending  1         500                   2026-05-05 12:00:00  https://hooks.test/',
    'a-prediction.completed  pending  0         held: signing_secret  2026-05-05 12:00:00  https://hooks.test/',
  ])
  expect(deliveryTable([])).toBe('There are none.')
})

test('each attempt is shown, and what receivers answer cannot move the cursor', () => {
  const text = presentDelivery(delivery())
  expect(text).toContain('next attempt 2026-05-05 12:00:06\n1 attempt:')
  expect(text).toContain('2026-05-05 12:00:01  refused 500 (12 ms)  not now [2J')
})
