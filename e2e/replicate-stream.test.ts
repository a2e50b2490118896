import { afterAll, beforeAll, expect, test } from 'vitest'
import { brokenImage } from './support/digit-image.js'
import { type ClientStack, startClientStack } from './support/official-client.js'

let own: ClientStack
beforeAll(async () => {
  own = await startClientStack()
})
afterAll(() => own?.stop())

async function eventsOf(stream: AsyncIterable<{ event: string; id?: string; data: string }>) {
  const events: { event: string; id?: string; data: string }[] = []
  for await (const event of stream) events.push(event)
  return events
}

test('stream() yields the output and then its end, each with an id', async () => {
  const { input, label } = own.row(0)
  const events = await eventsOf(own.client.stream('augur/digits', { input }))
  expect(events.map(({ event }) => event)).toEqual(['output', 'done'])
  expect(JSON.parse(events[0]?.data ?? '')).toMatchObject({ label })
  expect(new Set(events.map(({ id }) => id)).size).toBe(2)
  for (const { id } of events) expect(id).toMatch(/^\d+:\d+$/)
})

test('a stream that is opened before the end waits for it', async () => {
  const stream = own.client.stream('augur/gated', { input: { value: [1, 2, 3], gate: 'streamed' } })
  const events = eventsOf(stream)
  await expect.poll(async () => (await own.models.begun()).length).toBe(1)
  await own.models.open('streamed')
  const [output] = await events
  expect(JSON.parse(output?.data ?? '')).toEqual({ value: [1, 2, 3] })
})

test('the stream of a prediction that has failed throws', async () => {
  const stream = own.client.stream('augur/digits', { input: { image: brokenImage } })
  await expect(eventsOf(stream)).rejects.toThrow('detail')
})

test('the URL of a stream needs no key, and is worth nothing with another ticket', async () => {
  const { urls } = await own.client.predictions.create({ model: 'augur/digits', input: own.row(1).input })
  const url = urls.stream ?? ''
  const answer = await fetch(url)
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  expect(await answer.text()).toContain('event: done')
  const wrong = await fetch(url.replace(/ticket=[^&]+/, 'ticket=default..none'))
  expect(wrong.status).toBe(401)
})
