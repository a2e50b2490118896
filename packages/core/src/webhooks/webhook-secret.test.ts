import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSecretDeriver, decodeWebhookSecret, deriveWebhookSecret } from './webhook-secret.js'

const masterKey = Buffer.alloc(32, 7)

describe('deriveWebhookSecret', () => {
  it('gives 32 bytes in padded standard base64 after the only underscore, for any tenant', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (tenant) => {
        const secret = deriveWebhookSecret(masterKey, tenant)
        expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
        expect(decodeWebhookSecret(secret)).toHaveLength(32)
      }),
    )
  })

  it('stays the same over releases, because receivers hold it', () => {
    expect(deriveWebhookSecret(masterKey, 'default')).toMatchInlineSnapshot(
      `"whsec_bJrOjkG989jH0cDSYaTLbtVON7XcNXnrAuGofF0gxbE="`,
    )
  })

  it('differs between tenants and between master keys', () => {
    const secrets = [
      deriveWebhookSecret(masterKey, 'a'),
      deriveWebhookSecret(masterKey, 'b'),
      deriveWebhookSecret(Buffer.alloc(32, 8), 'a'),
    ]
    expect(new Set(secrets).size).toBe(3)
  })
})

describe('createSecretDeriver', () => {
  it('answers as the derivation does, also after it forgot a tenant', () => {
    const secretOf = createSecretDeriver(masterKey, 2)
    for (const tenant of ['a', 'b', 'a', 'c', 'a', 'b']) {
      expect(secretOf(tenant)).toBe(deriveWebhookSecret(masterKey, tenant))
    }
  })
})

describe('decodeWebhookSecret', () => {
  const short = Buffer.alloc(23).toString('base64')
  const long = Buffer.alloc(65).toString('base64')
  const urlSafe = Buffer.alloc(32, 0xff).toString('base64url')
  const unpadded = Buffer.alloc(32).toString('base64').slice(0, -1)
  it.each([
    '',
    'whsec_',
    'AAAA',
    `whsec_${short}`,
    `whsec_${long}`,
    `whsec_${urlSafe}`,
    `whsec_${unpadded}`,
    `WHSEC_${long}`,
  ])('refuses %j', (secret) => {
    expect(() => decodeWebhookSecret(secret)).toThrow(RangeError)
  })
})
