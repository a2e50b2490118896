import { expect, test, vi } from 'vitest'
import { type Entry, Receivers, type ReceiverOutcome } from './receivers.js'

function create(options: { slots?: number; perReceiver?: number; pauseMs?: number } = {}) {
  const clock = { now: 1_000_000 }
  const { slots = 64, perReceiver = 16, pauseMs = 30_000 } = options
  const receivers = new Receivers({ slots, perReceiver, pauseMs, now: () => clock.now, random: () => 0.5 })
  return { receivers, clock }
}

async function go(receivers: Receivers, name: string): Promise<Extract<Entry, { kind: 'go' }>> {
  const entry = await receivers.enter(name)
  if (entry.kind !== 'go') throw new Error(`put off by ${entry.delayMs} ms`)
  return entry
}

async function attempt(receivers: Receivers, name: string, outcome: ReceiverOutcome): Promise<void> {
  const entry = await go(receivers, name)
  entry.leave(outcome)
}

async function fail(receivers: Receivers, name: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await attempt(receivers, name, 'struggling')
}

test('a receiver that hangs holds a few slots, and whoever comes after is put off, the longer it hangs', async () => {
  vi.useFakeTimers()
  const receivers = new Receivers({ slots: 64, perReceiver: 16, pauseMs: 30_000, now: Date.now })
  const enter = async () => {
    const entering = Promise.all(Array.from({ length: 64 }, () => receivers.enter('dead')))
    await vi.advanceTimersByTimeAsync(1000)
    return entering
  }
  const first = await enter()
  expect(first.filter(({ kind }) => kind === 'go')).toHaveLength(4)
  await vi.advanceTimersByTimeAsync(5000)
  const startedAt = Date.now()
  const second = Array.from({ length: 64 }, () => receivers.enter('dead'))
  const entries = await Promise.all(second)
  // At once, not after a wait in place: no timer was moved on.
  expect(Date.now()).toBe(startedAt)
  const delays = entries.map((entry) => (entry.kind === 'later' ? entry.delayMs : 0))
  expect(Math.min(...delays)).toBeGreaterThan(1000)
  // Spread over the time that they are going to take, so that they are not fetched over and over.
  expect(Math.max(...delays)).toBeGreaterThan(20_000)
  vi.useRealTimers()
})

test('receivers that do not answer leave half of the slots to those that do', async () => {
  const { receivers } = create({ slots: 16 })
  await attempt(receivers, 'alive', 'answered')
  const entries = []
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
    entries.push(await receivers.enter(name), await receivers.enter(name))
  }
  expect(entries.filter(({ kind }) => kind === 'go')).toHaveLength(8)
  for (let i = 0; i < 5; i++) await go(receivers, 'alive')
})

test('one that answers may have more and more attempts under way, up to its bound', async () => {
  const { receivers } = create({ perReceiver: 8 })
  for (let i = 0; i < 20; i++) await attempt(receivers, 'alive', 'answered')
  for (let i = 0; i < 8; i++) await go(receivers, 'alive')
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const ninth = receivers.enter('alive')
  await vi.runAllTimersAsync()
  expect(await ninth).toMatchObject({ kind: 'later' })
  vi.useRealTimers()
})

test('who waits in place goes on when an attempt ends', async () => {
  const { receivers } = create({ perReceiver: 1 })
  const first = await go(receivers, 'alive')
  const second = receivers.enter('alive')
  first.leave('answered')
  expect(await second).toMatchObject({ kind: 'go' })
})

test('ten failures in a row pause a receiver, and one answer between them does not let it come to that', async () => {
  const { receivers, clock } = create()
  await fail(receivers, 'dead', 9)
  expect(receivers.pausedMs('dead')).toBe(0)
  await attempt(receivers, 'dead', 'answered')
  await fail(receivers, 'dead', 9)
  expect(receivers.pausedMs('dead')).toBe(0)
  await fail(receivers, 'dead', 1)
  expect(receivers.pausedMs('dead')).toBeGreaterThanOrEqual(30_000)
  expect(await receivers.enter('dead')).toMatchObject({ kind: 'later' })
  expect(await receivers.enter('alive')).toMatchObject({ kind: 'go' })
  clock.now += 30_000
  expect(receivers.pausedMs('dead')).toBe(0)
})

test('a paused receiver is tried with one attempt, paused for longer if it fails, and open again once it answers', async () => {
  const { receivers, clock } = create()
  await fail(receivers, 'dead', 10)
  clock.now += 30_000
  const probe = await go(receivers, 'dead')
  expect(await receivers.enter('dead')).toMatchObject({ kind: 'later' })
  probe.leave('struggling')
  clock.now += 30_000
  expect(receivers.pausedMs('dead')).toBeGreaterThan(0)
  clock.now += 30_000
  await attempt(receivers, 'dead', 'answered')
  await go(receivers, 'dead')
  await go(receivers, 'dead')
})

test('pauses stay within ten times the first, and are never made where that is 0', async () => {
  const { receivers, clock } = create({ pauseMs: 1000 })
  for (let i = 0; i < 30; i++) {
    await fail(receivers, 'dead', 1)
    clock.now += 12_000
  }
  await attempt(receivers, 'dead', 'answered')
  const { receivers: bold } = create({ pauseMs: 0 })
  await fail(bold, 'dead', 100)
  expect(await bold.enter('dead')).toMatchObject({ kind: 'go' })
})

test('what is no fault of the receiver changes nothing', async () => {
  const { receivers } = create()
  for (let i = 0; i < 50; i++) await attempt(receivers, 'one', 'neither')
  expect(receivers.pausedMs('one')).toBe(0)
})

test('receivers that nobody uses any more are forgotten', async () => {
  const { receivers } = create()
  const held = await go(receivers, 'held')
  for (let i = 0; i < 10_050; i++) await attempt(receivers, `r${i}`, 'answered')
  held.leave('answered')
  expect(Object.values(receivers).find((value) => value instanceof Map)?.size).toBe(10_000)
})
