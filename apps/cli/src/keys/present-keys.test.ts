import { expect, test } from 'vitest'
import type { ListedKey } from './keys-api.js'
import { keyTable, limitsOf, stateOf } from './present-keys.js'

const now = Date.parse('2026-05-05T12:00:00Z')
const key = (more: Partial<ListedKey> = {}): ListedKey => ({
  id: '0123456789ab',
  name: 'laptop',
  tenant: 'acme',
  scopes: ['predict', 'read'],
  max_open_predictions: null,
  requests_per_second: null,
  webhook: null,
  created_at: '2026-05-01T00:00:00.000Z',
  expires_at: null,
  retires_at: null,
  revoked_at: null,
  ...more,
})

test('the state of a key is what decides whether it is good', () => {
  const later = '2026-06-01T10:30:00.000Z'
  const before = '2026-05-05T11:59:59.000Z'
  expect(stateOf(key(), now)).toBe('good')
  expect(stateOf(key({ expires_at: later }), now)).toBe('good until 2026-06-01 10:30')
  expect(stateOf(key({ expires_at: later, retires_at: before }), now)).toBe('ended 2026-05-05')
  expect(stateOf(key({ expires_at: later, revoked_at: before }), now)).toBe('revoked 2026-05-05')
})

test('a table has one line for each key, in columns', () => {
  expect(keyTable([key(), key({ name: 'a much longer name' })], now).split('\n')).toEqual([
    'ID            NAME                TENANT  SCOPES        LIMITS  CREATED     STATE',
    '0123456789ab  laptop              acme    predict,read  -       2026-05-01  good',
    '0123456789ab  a much longer name  acme    predict,read  -       2026-05-01  good',
  ])
  expect(keyTable([], now)).toBe('There are no keys.')
})

test('limits of its own are shown, and that a key has none', () => {
  expect(limitsOf(key())).toBe('-')
  expect(limitsOf(key({ max_open_predictions: 5 }))).toBe('open 5')
  expect(limitsOf(key({ max_open_predictions: 0, requests_per_second: 50 }))).toBe('open any, rate 50/s')
})
