import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { validateWebhook } from 'replicate'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { signWebhook } from './sign-webhook.js'
import { deriveWebhookSecret } from './webhook-secret.js'

const nowSeconds = () => Math.floor(Date.now() / 1000)
const secretBytes = fc.uint8Array({ minLength: 24, maxLength: 64 })
const secret = secretBytes.map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`)
const body = fc.oneof(
  fc.json(),
  fc.jsonValue().map((value) => JSON.stringify({ value, text: 'ünïcödé 日本語 🦉' })),
)
const id = fc.stringMatching(/^msg_[A-Za-z0-9]{1,40}$/)

/** As a receiver verifies with the official client. */
function validates(headers: Record<string, string>, text: string, key: string): Promise<boolean> {
  const header = (name: string) => headers[name] ?? ''
  const signed = {
    id: header('webhook-id'),
    timestamp: header('webhook-timestamp'),
    signature: header('webhook-signature'),
  }
  return validateWebhook({ ...signed, body: text, secret: key })
}

describe('signWebhook', () => {
  it('is verified by standardwebhooks and by replicate over any JSON body, id and secret', async () => {
    await fc.assert(
      fc.asyncProperty(id, body, secret, async (messageId, text, key) => {
        const headers = signWebhook({
          id: messageId,
          timestampSeconds: nowSeconds(),
          body: text,
          secrets: [key],
        })
        expect(new Webhook(key).verify(text, { ...headers })).toEqual(JSON.parse(text))
        expect(await validates(headers, text, key)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('signs bytes and text alike', () => {
    fc.assert(
      fc.property(body, secret, (text, key) => {
        const common = { id: 'msg_1', timestampSeconds: 1_700_000_000, secrets: [key] }
        expect(signWebhook({ ...common, body: Buffer.from(text) })).toEqual(
          signWebhook({ ...common, body: text }),
        )
      }),
    )
  })

  it('is verified by standardwebhooks for 10,000 bodies, and never once a bit of one is flipped', () => {
    const key = deriveWebhookSecret(randomBytes(32), 'default')
    const receiver = new Webhook(key)
    const accepts = (text: string, headers: Record<string, string>) => {
      try {
        return receiver.verify(text, headers) !== undefined
      } catch {
        return false
      }
    }
    const anyBody = fc.oneof(
      body,
      fc.string({ unit: 'binary', minLength: 1 }).map((text) => JSON.stringify(text)),
    )
    fc.assert(
      fc.property(anyBody, fc.nat(), (text, position) => {
        const signed = { id: 'msg_1', timestampSeconds: nowSeconds(), body: text, secrets: [key] }
        const headers = { ...signWebhook(signed) }
        const bytes = Buffer.from(text)
        const bit = position % (bytes.length * 8)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const flipped = bytes.toString()
        // The library takes text: what is no longer UTF-8 may read as before.
        expect([accepts(text, headers), flipped !== text && accepts(flipped, headers)]).toEqual([true, false])
      }),
      { numRuns: 10_000 },
    )
  }, 60_000)

  it('is refused by standardwebhooks after a change of one bit, of the id or of the time', () => {
    const key = deriveWebhookSecret(randomBytes(32), 'default')
    fc.assert(
      fc.property(body, fc.nat(), (text, position) => {
        const headers = signWebhook({
          id: 'msg_1',
          timestampSeconds: nowSeconds(),
          body: text,
          secrets: [key],
        })
        const flipped = Buffer.from(text, 'latin1')
        const at = position % flipped.length
        flipped[at] = (flipped[at] ?? 0) ^ 1
        const verify = (sent: string, changes: object = {}) =>
          new Webhook(key).verify(sent, { ...headers, ...changes })
        expect(() => verify(flipped.toString('latin1'))).toThrow('No matching signature')
        expect(() => verify(text, { 'webhook-id': 'msg_2' })).toThrow('No matching signature')
        expect(() => verify(text, { 'webhook-timestamp': String(nowSeconds() - 1_000) })).toThrow('too old')
      }),
    )
  })

  it('carries one signature per secret, so that receivers verify with either during a rotation', async () => {
    const secrets = ['old', 'new'].map((tenant) => deriveWebhookSecret(randomBytes(32), tenant))
    const text = '{"a":1}'
    const headers = signWebhook({ id: 'msg_1', timestampSeconds: nowSeconds(), body: text, secrets })
    expect(headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/)
    for (const key of secrets) {
      expect(new Webhook(key).verify(text, { ...headers })).toEqual({ a: 1 })
      expect(await validates(headers, text, key)).toBe(true)
    }
    expect(() =>
      new Webhook(deriveWebhookSecret(randomBytes(32), 'other')).verify(text, { ...headers }),
    ).toThrow('No matching')
  })

  it('matches the example of the specification', () => {
    const headers = signWebhook({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestampSeconds: 1_614_265_330,
      body: '{"test": 2432232314}',
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    })
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it.each(['', 'msg.1', 'msg 1', 'msg_1\r\nx: y', 'ü'])('refuses the id %j', (badId) => {
    const secrets = [deriveWebhookSecret(randomBytes(32), 'default')]
    expect(() => signWebhook({ id: badId, timestampSeconds: 1, body: '', secrets })).toThrow(RangeError)
  })

  it('refuses to send without a secret', () => {
    expect(() => signWebhook({ id: 'msg_1', timestampSeconds: 1, body: '', secrets: [] })).toThrow(RangeError)
  })
})
