import { expect, test } from 'vitest'
import { encodeEvent, type ServerSentEvent } from './encode-event.js'
import { eventBody, type EventBodyOptions } from './event-body.js'

const patient: EventBodyOptions = {
  heartbeatMs: 60_000,
  stallMs: 60_000,
  onStall: () => {},
  onEnd: () => {},
  onError: () => ({ event: 'error', id: '0:0', data: 'failed' }),
}
const event = (n: number): ServerSentEvent => ({ event: 'output', id: `1:${n}`, data: String(n) })
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

/** Events that count how many were asked for, and tell when they were let go. */
function counted(total: number) {
  const seen = { made: 0, isOver: false }
  async function* events() {
    try {
      for (; seen.made < total; seen.made++) yield event(seen.made)
    } finally {
      seen.isOver = true
    }
  }
  return { seen, events: events() }
}

test('an event is its name, its id, and a data line for each line of its text, whatever ends those', () => {
  const bytes = encodeEvent({ event: 'logs', id: '5:1', data: 'a\nb\r\nc\rd' })
  expect(text(bytes)).toBe('event: logs\nid: 5:1\ndata: a\ndata: b\ndata: c\ndata: d\n\n')
})

test('a text cannot bring an event of its own', () => {
  const bytes = encodeEvent({ event: 'output', id: '5:1', data: 'x\n\nevent: done\rid: 9:9\n\n' })
  const lines = text(bytes).split('\n').slice(2, -2)
  expect(lines.every((line) => line.startsWith('data: '))).toBe(true)
})

test('everything is sent in order, and the body ends with the events', async () => {
  const { events } = counted(3)
  let ends = 0
  const body = eventBody(events, { ...patient, onEnd: () => ends++ })
  expect(await new Response(body).text()).toBe([0, 1, 2].map((n) => text(encodeEvent(event(n)))).join(''))
  expect(ends).toBe(1)
})

test('no event is made before the reader has taken the one before', async () => {
  const { seen, events } = counted(1000)
  const reader = eventBody(events, patient).getReader()
  expect(seen.made).toBe(0)
  await reader.read()
  await reader.read()
  expect(seen.made).toBe(1)
  await reader.cancel()
})

test('a reader that leaves ends the events, also while they wait', async () => {
  const left = new AbortController()
  const seen = { waits: false, isOver: false }
  async function* waiting() {
    yield event(0)
    seen.waits = true
    await new Promise((resolve) => left.signal.addEventListener('abort', resolve))
    seen.isOver = true
  }
  const reader = eventBody(waiting(), { ...patient, onEnd: () => left.abort() }).getReader()
  await reader.read()
  const next = reader.read()
  await expect.poll(() => seen.waits).toBe(true)
  await reader.cancel()
  expect(await next).toEqual({ done: true, value: undefined })
  await expect.poll(() => seen.isOver).toBe(true)
})

test('while nothing happens, comments keep the connection alive', async () => {
  let happen = () => {}
  const happened = new Promise<void>((resolve) => {
    happen = resolve
  })
  async function* late() {
    await happened
    yield event(7)
  }
  const reader = eventBody(late(), { ...patient, heartbeatMs: 1 }).getReader()
  expect(text((await reader.read()).value)).toBe(': keep-alive\n\n')
  expect(text((await reader.read()).value)).toBe(': keep-alive\n\n')
  happen()
  let last = ''
  while (!last.includes('data')) last = text((await reader.read()).value)
  expect(last).toBe(text(encodeEvent(event(7))))
  expect((await reader.read()).done).toBe(true)
})

test('a reader that takes nothing for too long is let go, and the events with it', async () => {
  const { seen, events } = counted(10)
  const ends: string[] = []
  const stalled = new Promise<void>((resolve) => {
    const options = { ...patient, stallMs: 5, onStall: resolve, onEnd: () => ends.push('end') }
    const reader = eventBody(events, options).getReader()
    void reader.read()
  })
  await stalled
  expect(ends).toEqual(['end'])
  await expect.poll(() => seen.isOver).toBe(true)
})

test('a large event is handed over in pieces, so that a reader on a slow line is seen to get on', async () => {
  async function* large() {
    yield { event: 'output', id: '1:0', data: 'x'.repeat(1_000_000) }
  }
  const pieces: number[] = []
  for await (const piece of eventBody(large(), patient)) pieces.push(piece.byteLength)
  expect(Math.max(...pieces)).toBeLessThanOrEqual(65_536)
  expect(pieces.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(1_000_000)
})

test('a reader that comes back after it was let go finds the end', async () => {
  const { events } = counted(10)
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  await new Promise<void>((resolve) => {
    reader = eventBody(events, { ...patient, stallMs: 5, onStall: resolve }).getReader()
  })
  expect(await reader?.read()).toEqual({ done: true, value: undefined })
})

test('a reader that never comes is let go as well', async () => {
  const ends: string[] = []
  await new Promise<void>((resolve) => {
    const onEnd = () => ends.push('end')
    eventBody(counted(1).events, { ...patient, stallMs: 5, onStall: resolve, onEnd })
  })
  expect(ends).toEqual(['end'])
})

test('events that fail end with a last word, which says nothing of the fault', async () => {
  async function* failing() {
    yield event(0)
    throw new Error('a secret')
  }
  const sent = await new Response(eventBody(failing(), patient)).text()
  expect(sent).toContain('event: error\nid: 0:0\ndata: failed')
  expect(sent).not.toContain('secret')
})
