import { expect, test } from 'vitest'
import { WaitingClients } from './waiting-clients.js'

function createWaiting() {
  let held = 0
  const waiting = new WaitingClients({ inc: () => held++, dec: () => held-- })
  return { waiting, held: () => held }
}

const untilReleased = (signal: AbortSignal) =>
  new Promise<string>((resolve) =>
    signal.addEventListener('abort', () => resolve('released'), { once: true }),
  )

test('stopping lets everybody go, and holds nobody from then on', async () => {
  const { waiting, held } = createWaiting()
  const client = new AbortController().signal
  const first = waiting.hold(client, untilReleased)
  const second = waiting.hold(client, untilReleased)
  expect(held()).toBe(2)
  expect(waiting.isStopped).toBe(false)
  waiting.stop()
  expect(waiting.isStopped).toBe(true)
  expect(await Promise.all([first, second])).toEqual(['released', 'released'])
  expect(await waiting.hold(client, async (signal) => signal.aborted)).toBe(true)
  expect(held()).toBe(0)
})

test('a client that leaves is waited for no longer, and the others stay', async () => {
  const { waiting, held } = createWaiting()
  const leaving = new AbortController()
  const gone = waiting.hold(leaving.signal, untilReleased)
  const stays = waiting.hold(new AbortController().signal, untilReleased)
  leaving.abort()
  expect(await gone).toBe('released')
  expect(held()).toBe(1)
  waiting.stop()
  await stays
})

test('a wait that fails is forgotten too', async () => {
  const { waiting, held } = createWaiting()
  const failing = waiting.hold(new AbortController().signal, () => Promise.reject(new Error('failed')))
  await expect(failing).rejects.toThrow('failed')
  expect(held()).toBe(0)
})
