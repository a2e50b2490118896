import { expect, test } from 'vitest'
import { type EndedPrediction, endedEvents, eventsAfter } from './ended-events.js'

function ended(more: Partial<EndedPrediction> & Partial<EndedPrediction['prediction']> = {}) {
  const { output = '{"y":1}', isIterator = false, ...prediction } = more
  return endedEvents({
    prediction: {
      status: 'succeeded',
      error: null,
      logs: '',
      createdAt: 1,
      completedAt: 5,
      dataRemoved: false,
      ...prediction,
    },
    output,
    isIterator,
  })
}
const told = (more: Parameters<typeof ended>[0]) =>
  ended(more).map(({ event, id, data }) => [event, id, data])

test('logs come first, then the output, then that it is done, each with its place in the stream', () => {
  expect(told({ logs: 'a\nb\n' })).toEqual([
    ['logs', '5:0', 'a\nb\n'],
    ['output', '5:1', '{"y":1}'],
    ['done', '5:2', '{}'],
  ])
})

test('an array is told element by element where its schema says that it is an iterator, else at once', () => {
  const output = '["a","b",{"c":[1]}]'
  expect(told({ output, isIterator: true }).map(([, , data]) => data)).toEqual(['a', 'b', '{"c":[1]}', '{}'])
  expect(told({ output }).map(([, , data]) => data)).toEqual([output, '{}'])
  expect(told({ output: '[]', isIterator: true })).toEqual([['done', '5:0', '{}']])
})

test('text is told as it is, and numbers as the model gave them', () => {
  expect(told({ output: '"two\\nlines"' })[0]).toEqual(['output', '5:0', 'two\nlines'])
  expect(told({ output: '{"id":12345678901234567890}' })[0]).toEqual([
    'output',
    '5:0',
    '{"id":12345678901234567890}',
  ])
})

test('a failure is an error, and the end says so', () => {
  expect(told({ status: 'failed', error: 'no', output: null })).toEqual([
    ['error', '5:0', '{"detail":"no"}'],
    ['done', '5:1', '{"reason":"error"}'],
  ])
})

test('what was canceled ends without an error', () => {
  expect(told({ status: 'canceled', output: null })).toEqual([['done', '5:0', '{"reason":"canceled"}']])
})

test('an output that retention removed is not passed off as one that is empty', () => {
  expect(told({ output: null, dataRemoved: true }).map(([event]) => event)).toEqual(['error', 'done'])
})

test('a stream goes on after what was seen, and from its start where that is none of its events', () => {
  const events = ended({ logs: 'x' })
  const after = (id?: string) => eventsAfter(events, id).map(({ event }) => event)
  expect(after('5:0')).toEqual(['output', 'done'])
  expect(after('5:2')).toEqual([])
  for (const other of [undefined, '', '4:0', '5:7', 'x', '0:0']) {
    expect(after(other)).toEqual(['logs', 'output', 'done'])
  }
})
