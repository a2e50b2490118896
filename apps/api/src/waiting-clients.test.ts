import { expect, test } from 'vitest'
import { WaitingClients } from './waiting-clients.js'

function createWaiting(limits = { total: 0, perTenant: 0 }) {
  let held = 0
  const waiting = new WaitingClients({ inc: () => held++, dec: () => held-- }, limits)
  return { waiting, held: () => held }
}

const untilReleased = (signal: AbortSignal) =>
  new Promise<string>((resolve) =>
    signal.addEventListener('abort', () => resolve('released'), { once: true }),
  )

test('stopping lets everybody go, and holds nobody from then on', async () => {
  const { waiting, held } = createWaiting()
  const client = new AbortController().signal
  const first = waiting.hold('acme', client, untilReleased)
  const second = waiting.hold('acme', client, untilReleased)
  expect(held()).toBe(2)
  expect(waiting.isStopped).toBe(false)
  waiting.stop()
  expect(waiting.isStopped).toBe(true)
  expect(await Promise.all([first, second])).toEqual(['released', 'released'])
  expect(await waiting.hold('acme', client, async (signal) => signal.aborted)).toBe(true)
  expect(held()).toBe(0)
})

test('a client that leaves is waited for no longer, and the others stay', async () => {
  const { waiting, held } = createWaiting()
  const leaving = new AbortController()
  const gone = waiting.hold('acme', leaving.signal, untilReleased)
  const stays = waiting.hold('acme', new AbortController().signal, untilReleased)
  leaving.abort()
  expect(await gone).toBe('released')
  expect(held()).toBe(1)
  waiting.stop()
  await stays
})

test('a wait that fails is forgotten too', async () => {
  const { waiting, held } = createWaiting()
  const failing = waiting.hold('acme', new AbortController().signal, () =>
    Promise.reject(new Error('failed')),
  )
  await expect(failing).rejects.toThrow('failed')
  expect(held()).toBe(0)
})

const refusalOf = (waiting: WaitingClients, tenant: string) => {
  try {
    waiting.refuseTooMany(tenant)
    return null
  } catch (error) {
    return error
  }
}

test('a tenant waits with as many requests as it may, and all of them with as many as the process holds', async () => {
  const { waiting } = createWaiting({ total: 3, perTenant: 2 })
  const client = new AbortController().signal
  const holds = ['acme', 'acme'].map((tenant) => waiting.hold(tenant, client, untilReleased))
  expect(refusalOf(waiting, 'acme')).toMatchObject({ code: 'quota_exceeded', retryAfterSeconds: 1 })
  expect(refusalOf(waiting, 'globex')).toBe(null)
  holds.push(waiting.hold('globex', client, untilReleased))
  expect(refusalOf(waiting, 'globex')).toMatchObject({ code: 'overloaded', retryAfterSeconds: 1 })
  waiting.stop()
  await Promise.all(holds)
  expect(refusalOf(waiting, 'acme')).toBe(null)
})
