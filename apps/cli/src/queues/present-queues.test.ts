import { expect, test } from 'vitest'
import { changeMessage, queueTable } from './present-queues.js'

const queue = {
  model: 'augur/digits',
  version: 'ab'.repeat(32),
  label: 'fp32',
  state: 'ready',
  workers: 2,
  paused: true,
  draining: true,
  open: 12,
  oldest_age_seconds: 3.21,
  ran_per_second: null,
}

test('a queue that is held says so beside its state', () => {
  expect(queueTable([queue]).split('\n')[1]).toBe(
    'augur/digits  fp32   ready, paused, draining  2        12    3.2 s   –',
  )
})

test('no versions are said to be none', () => {
  expect(queueTable([])).toBe('No version is known.')
})

test('a purge says how many it canceled', () => {
  expect(changeMessage('purge', { ...queue, canceled: 12 })).toContain('12 predictions of augur/digits fp32')
})
