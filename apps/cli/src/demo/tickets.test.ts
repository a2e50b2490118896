import { expect, test } from 'vitest'
import type { ClassPrediction } from './prediction.js'
import { summariseTickets, ticketTable } from './tickets.js'

function routed(text: string, label: string, answer: string | null) {
  const output = answer === null ? null : { label: answer, probabilities: { [answer]: 0.75 } }
  const prediction: ClassPrediction = { id: 'x', status: output ? 'succeeded' : 'failed', output }
  return { ticket: { text, label }, prediction }
}

const three = [
  routed('Where is my parcel?', 'shipping', 'shipping'),
  routed('x'.repeat(100), 'bug', 'praise'),
  routed('?', 'bug', null),
]

test('a failed prediction is neither succeeded nor correct, a wrong team only not correct', () => {
  expect(summariseTickets(three)).toEqual({ tickets: 3, ticketsSucceeded: 2, ticketsCorrect: 1 })
})

test('a line is short, and says so where the model is wrong', () => {
  expect(ticketTable(three).split('\n')).toEqual([
    '  shipping  0.750  Where is my parcel?',
    `  praise    0.750  ${'x'.repeat(63)}…  (is bug)`,
    '  -         0.000  ?  (is bug)',
  ])
})
