import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  firstSecrets,
  liveSecrets,
  rotated,
  type SigningSecret,
  withNewSecret,
  withoutSecret,
} from './signing-secrets.js'

const day = 86_400_000
const start = 1_700_000_000_000

type Step =
  | { kind: 'create' }
  | { kind: 'rotate'; graceMs: number }
  | { kind: 'remove'; at: number }
  | { kind: 'wait'; ms: number }

const step = fc.oneof(
  fc.constant<Step>({ kind: 'create' }),
  fc.nat(2 * day).map((graceMs): Step => ({ kind: 'rotate', graceMs })),
  fc.nat(10).map((at): Step => ({ kind: 'remove', at })),
  fc.nat(2 * day).map((ms): Step => ({ kind: 'wait', ms })),
)

function apply(secrets: readonly SigningSecret[], taken: Step, now: number): readonly SigningSecret[] {
  try {
    if (taken.kind === 'create') return withNewSecret(secrets, now)
    if (taken.kind === 'rotate') return rotated(secrets, taken.graceMs, now)
    if (taken.kind === 'remove') return withoutSecret(secrets, secrets[taken.at]?.id ?? 'none', now)
  } catch {
    // Refused, so nothing changes.
  }
  return secrets
}

test('whatever is done, one to eight secrets sign at any time, and one of them has no end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let secrets: readonly SigningSecret[] = firstSecrets
      let now = start
      for (const taken of steps) {
        if (taken.kind === 'wait') now += taken.ms
        secrets = apply(secrets, taken, now)
        for (const later of [0, day, 100 * day]) {
          const live = liveSecrets(secrets, now + later)
          expect(live.length).toBeGreaterThan(0)
          expect(live.length).toBeLessThanOrEqual(8)
          expect(live.some(({ expiresAt }) => expiresAt === null)).toBe(true)
        }
      }
      // What has ended is not kept, but for the note that the derived one has.
      expect(secrets.length).toBeLessThanOrEqual(9)
    }),
  )
})

test('after a rotation the old and the new secret sign for the grace, then only the new one', () => {
  const secrets = rotated(firstSecrets, day, start)
  const idsAt = (now: number) => liveSecrets(secrets, now).map(({ id }) => id)
  const [newest = ''] = idsAt(start)
  expect(idsAt(start + day - 1)).toEqual([newest, 'default'])
  expect(idsAt(start + day)).toEqual([newest])
})

test('a second rotation does not give the first secret more time', () => {
  const secrets = rotated(rotated(firstSecrets, day, start), 10 * day, start + 1)
  expect(liveSecrets(secrets, start + day).map(({ id }) => id)).not.toContain('default')
})

test('the last secret without an end cannot be taken away, and one that was taken away is gone at once', () => {
  expect(() => withoutSecret(firstSecrets, 'default', start)).toThrow('create another one first')
  const secrets = withNewSecret(firstSecrets, start)
  const left = withoutSecret(secrets, 'default', start)
  expect(liveSecrets(left, start)).toHaveLength(1)
  expect(() => withoutSecret(left, 'default', start)).toThrow('no secret')
  const rotating = rotated(firstSecrets, day, start)
  expect(() => withoutSecret(rotating, rotating[1]?.id ?? '', start)).toThrow('create another one first')
})

test('a ninth secret is refused', () => {
  let secrets: readonly SigningSecret[] = firstSecrets
  for (let i = 0; i < 7; i++) secrets = withNewSecret(secrets, start)
  expect(() => withNewSecret(secrets, start)).toThrow('expire one first')
})
