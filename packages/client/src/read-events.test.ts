import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readEvents } from './read-events.js'

const encoder = new TextEncoder()

/** The bytes in pieces of these sizes, and then the rest. */
function bodyOf(text: string, sizes: readonly number[]): ReadableStream<Uint8Array> {
  let bytes = encoder.encode(text)
  return new ReadableStream({
    start(controller) {
      for (const size of sizes) {
        controller.enqueue(bytes.subarray(0, size))
        bytes = bytes.subarray(size)
      }
      controller.enqueue(bytes)
      controller.close()
    },
  })
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = []
  for await (const item of items) seen.push(item)
  return seen
}

const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ' '))
const event = fc.record({
  event: fc.constantFrom('output', 'logs'),
  id: fc.nat().map(String),
  data: fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n')),
})

test('events arrive as they were sent, wherever the network cuts them', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 })
  const ends = fc.constantFrom('\n', '\r\n')
  await fc.assert(
    fc.asyncProperty(fc.array(event), sizes, ends, async (events, pieces, end) => {
      const text = events.map(({ event: name, id, data }) => {
        const lines = data.split('\n').map((each) => `data: ${each}`)
        return [`event: ${name}`, `id: ${id}`, ...lines, '', ': keep-alive', '', ''].join(end)
      })
      expect(await all(readEvents(bodyOf(text.join(''), pieces)))).toEqual(events)
    }),
  )
})

test('an event that was cut off is none', async () => {
  expect(await all(readEvents(bodyOf('event: output\ndata: half', [])))).toEqual([])
})
