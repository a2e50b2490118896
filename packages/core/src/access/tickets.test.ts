import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Tickets } from './tickets.js'

const tickets = new Tickets(randomBytes(32))
const subject = { purpose: 'file', id: 'file-1', tenant: 'acme', expiresAt: 1000 } as const

test('a ticket opens what it was issued for until it expires, for its tenant', () => {
  const text = tickets.issue(subject)
  expect(tickets.read('file', 'file-1', text, 999)).toBe('acme')
  expect(tickets.read('file', 'file-1', text, 1000)).toBeNull()
  expect(tickets.read('file', 'file-2', text, 999)).toBeNull()
  expect(tickets.read('stream', 'file-1', text, 999)).toBeNull()
})

test('a ticket without an end stays good', () => {
  const text = tickets.issue({ ...subject, expiresAt: null })
  expect(tickets.read('file', 'file-1', text, Number.MAX_SAFE_INTEGER)).toBe('acme')
})

test('tickets of another master key open nothing', () => {
  const foreign = new Tickets(randomBytes(32)).issue(subject)
  expect(tickets.read('file', 'file-1', foreign, 0)).toBeNull()
})

test('a ticket in which any character was changed opens nothing for anybody else', () => {
  const text = tickets.issue(subject)
  fc.assert(
    fc.property(
      fc.nat(text.length - 1),
      fc.constantFrom('a', 'Z', '0', '1', '9', '-', '_', '.'),
      (at, character) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1)
        // The last character of base64url has bits that mean nothing: some changes of it are none.
        fc.pre(changed !== text && at < text.length - 1)
        expect(tickets.read('file', 'file-1', changed, 999)).toBeNull()
      },
    ),
  )
})

test('whatever is no ticket is refused without an exception', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(tickets.read('file', 'file-1', text, 0)).toBeNull()
    }),
  )
})
