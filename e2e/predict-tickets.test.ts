import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bodyOf, type WirePrediction } from './support/predictions.js'

const modelsDir = fileURLToPath(new URL('../models', import.meta.url))

let stack: TestStack
let rows: { input: { text: string }; label: string }[]
beforeAll(async () => {
  stack = await startTestStack({ modelsDir })
  const text = await readFile(`${modelsDir}/tickets/heldout.jsonl`, 'utf8')
  rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
})
afterAll(() => stack?.stop())

interface Ticket extends Omit<WirePrediction, 'output'> {
  output: { label: string; top: { label: string }[] } | null
}

function post(path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json', prefer: 'wait=20' }
  return stack.request(path, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function route(version: string, input: object): Promise<Ticket> {
  return bodyOf<Ticket>(await post('/predictions', { version: `augur/tickets:${version}`, input }))
}

test('messages of any length that arrive together reach their team', async () => {
  const answers = await Promise.all(
    rows.slice(0, 80).map(({ input }) => route('fp32', { ...input, topK: 2 })),
  )
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 'succeeded'))
  expect(answers.every(({ output }) => output?.top.length === 2)).toBe(true)
  const right = answers.filter(({ output }, index) => output?.label === rows[index]?.label)
  expect(right.length).toBeGreaterThanOrEqual(60)
})

test('a message gets the same answer alone as among others', async () => {
  const few = rows.slice(0, 12)
  const together = await Promise.all(few.map(({ input }) => route('int8', input)))
  for (const [index, { input }] of few.entries()) {
    const alone = await route('int8', input)
    expect(alone.output?.label).toBe(together[index]?.output?.label)
  }
})

test('a text that is missing, empty or too long is refused before it is queued, at its field', async () => {
  for (const input of [{}, { text: ' ' }, { text: 'x'.repeat(5001) }]) {
    const response = await post('/models/augur/tickets/predictions', { input })
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/input/text' }],
    })
  }
})
