import fc from 'fast-check'
import { expect, test } from 'vitest'
import { newApiKeyText } from '../access/api-key.js'
import { createSecretCutter } from './cut-secrets.js'

const secret = 'correct-horse/battery+staple='
const cut = createSecretCutter([secret, 'p"ss\\word', 'short'])

test('a secret is cut by its value, wherever in a line it stands and however it is written there', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      const values = [secret, 'p"ss\\word', encodeURIComponent(secret)]
      for (const value of values) {
        const line = cut(JSON.stringify({ err: { stack: `${before}${value}${after}` } }))
        const { err } = JSON.parse(line) as { err: { stack: string } }
        expect(err.stack).not.toContain(value)
      }
    }),
  )
})

test('keys, signing secrets, bearer tokens, tickets and passwords in URLs are cut by their look', () => {
  const { id, text } = newApiKeyText()
  const line = cut(
    `"${text} whsec_${'A'.repeat(32)} Bearer abcdefgh1234 redis://api:hunter@2@10.0.0.1:6379/0 /x?ticket=abc.def&y=1"`,
  )
  expect(line).toBe(
    `"augur_${id}_[cut] whsec_[cut] Bearer [cut] redis://api:[cut]@10.0.0.1:6379/0 /x?ticket=[cut]&y=1"`,
  )
})

test('a line stays one line of JSON with the same text, and holds nothing that a terminal obeys', () => {
  const nasty = 'a\r\n\u001b[2J\u009b31m\u2028\u202e\u0000\ufeffb'
  const line = cut(JSON.stringify({ path: nasty }))
  // oxlint-disable-next-line no-control-regex
  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e\ufeff]/)
  expect(JSON.parse(line)).toEqual({ path: nasty })
})

test('what is no secret is left as it is', () => {
  const line = JSON.stringify({
    path: '/api/v1/predictions',
    url: 'https://example.com/a:b@c',
    short: 'short',
  })
  expect(cut(line)).toBe(line)
})
