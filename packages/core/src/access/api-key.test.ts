import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ApiKey, cutKeys, endOf, idOfKeyText, isGoodKey, newApiKeyText, usualLimits } from './api-key.js'

function newKey(more: Partial<ApiKey> = {}): { text: string; key: ApiKey } {
  const { id, text, digest } = newApiKeyText()
  const whole = {
    name: 'n',
    tenant: 't',
    scopes: [],
    ...usualLimits,
    webhook: null,
    createdAt: 0,
    expiresAt: null,
    retiresAt: null,
    revokedAt: null,
  }
  return { text, key: { id, digest, ...whole, ...more } }
}

test('a key names itself in its readable part and is good', () => {
  const { text, key } = newKey()
  expect(idOfKeyText(text)).toBe(key.id)
  expect(isGoodKey(text, key, 0)).toBe(true)
})

test('what is stored of a key does not hold its secret', () => {
  const { text, key } = newKey()
  expect(JSON.stringify(key)).not.toContain(text.split('_').at(-1))
})

test('a text that differs in one place is another key', () => {
  const { text, key } = newKey()
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom('a', 'B', '3', '_', '-'), (at, char) => {
      fc.pre(text[at] !== char)
      expect(isGoodKey(text.slice(0, at) + char + text.slice(at + 1), key, 0)).toBe(false)
    }),
  )
})

test('texts that are no keys have no id', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(idOfKeyText(text)).toBeNull()
    }),
  )
  expect(idOfKeyText(`${newKey().text}x`)).toBeNull()
})

test('a revoked key is refused, and an expired one from its last millisecond on', () => {
  const revoked = newKey({ revokedAt: 5 })
  expect(isGoodKey(revoked.text, revoked.key, 10)).toBe(false)
  const expiring = newKey({ expiresAt: 10 })
  expect(isGoodKey(expiring.text, expiring.key, 9)).toBe(true)
  expect(isGoodKey(expiring.text, expiring.key, 10)).toBe(false)
})

test('an unknown key is refused like a wrong one', () => {
  expect(isGoodKey(newKey().text, null, 0)).toBe(false)
})

test('a key ends when it expires or its successor has replaced it, whichever is first', () => {
  expect(endOf(newKey({ expiresAt: 10, retiresAt: 5 }).key)).toBe(5)
  expect(endOf(newKey({ expiresAt: 10 }).key)).toBe(10)
  expect(endOf(newKey({ retiresAt: 5 }).key)).toBe(5)
  const retired = newKey({ retiresAt: 5 })
  expect(isGoodKey(retired.text, retired.key, 5)).toBe(false)
})

test('a key inside another text is cut down to what names it', () => {
  const { text, key } = newKey()
  expect(cutKeys(`/admin/keys/${text}/revoke`)).toBe(`/admin/keys/augur_${key.id}_[cut]/revoke`)
})
