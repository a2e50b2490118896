import { ServiceError } from '@augur/core/errors'
import { expect, test } from 'vitest'
import { StreamClients } from './stream-clients.js'

function gauge() {
  const counted = { value: 0, inc: () => void counted.value++, dec: () => void counted.value-- }
  return counted
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    return error instanceof ServiceError ? error.code : 'other'
  }
  return undefined
}

test('a full process refuses everybody, and a full tenant only itself', () => {
  const clients = new StreamClients({ total: 3, perTenant: 2 }, gauge())
  clients.admit('a')
  const second = clients.admit('a')
  expect(codeOf(() => clients.admit('a'))).toBe('quota_exceeded')
  clients.admit('b')
  expect(codeOf(() => clients.admit('b'))).toBe('overloaded')
  second.leave()
  expect(codeOf(() => clients.admit('a'))).toBeUndefined()
})

test('who leaves gives one place back, however often it leaves', () => {
  const open = gauge()
  const clients = new StreamClients({ total: 2, perTenant: 0 }, open)
  const [first] = [clients.admit('a'), clients.admit('a')]
  first?.leave()
  first?.leave()
  expect([clients.size, open.value]).toEqual([1, 1])
  expect(first?.signal.aborted).toBe(true)
})

test('a process that stops lets everybody go, and whoever comes then', () => {
  const clients = new StreamClients({ total: 2, perTenant: 0 }, gauge())
  const { signal } = clients.admit('a')
  clients.stop()
  expect(signal.aborted).toBe(true)
  expect(clients.admit('a').signal.aborted).toBe(true)
})
