import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Sealer, UnsealError } from './sealing.js'

const masterKey = randomBytes(32)

test('what is sealed opens again, and is a new text each time', () => {
  const sealer = new Sealer(masterKey, 'test')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, subject) => {
      const sealed = sealer.seal(text, subject)
      expect(new Sealer(masterKey, 'test').open(sealed, subject)).toBe(text)
      expect(sealer.seal(text, subject)).not.toBe(sealed)
    }),
  )
})

test('it opens under no other key, for no other purpose or subject, and not once a bit of it changed', () => {
  const sealed = new Sealer(masterKey, 'test').seal('secret', 'acme')
  expect(() => new Sealer(randomBytes(32), 'test').open(sealed, 'acme')).toThrow(UnsealError)
  expect(() => new Sealer(masterKey, 'other').open(sealed, 'acme')).toThrow(UnsealError)
  expect(() => new Sealer(masterKey, 'test').open(sealed, 'globex')).toThrow(UnsealError)
  for (let bit = 0; bit < Buffer.from(sealed, 'base64').length * 8; bit++) {
    const flipped = Buffer.from(sealed, 'base64')
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(() => new Sealer(masterKey, 'test').open(flipped.toString('base64'), 'acme')).toThrow(UnsealError)
  }
  expect(() => new Sealer(masterKey, 'test').open('', 'acme')).toThrow(UnsealError)
})
