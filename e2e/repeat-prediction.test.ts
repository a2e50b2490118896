import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bodyOf } from './support/predictions.js'
import { until } from './support/until.js'

const modelsDir = fileURLToPath(new URL('../models', import.meta.url))
const json = { 'content-type': 'application/json' }

interface Digit {
  id: string
  status: string
  version: string
  version_label: string
  output: { label: string } | null
  retried_from?: string
  waiting_reason?: string
  queue_position?: number
}

let stack: TestStack
let row: { input: { pixels: number[] }; label: string }
beforeAll(async () => {
  stack = await startTestStack({ modelsDir })
  const [line = ''] = (await readFile(`${modelsDir}/digits/heldout.jsonl`, 'utf8')).split('\n')
  row = JSON.parse(line)
})
afterAll(() => stack?.stop())

/** Sends a POST, and with `prefer` waits for the end of what it creates. */
async function post(path: string, body?: object, headers: Record<string, string> = {}): Promise<Digit> {
  const response = await stack.request(path, {
    method: 'POST',
    headers: { ...json, ...headers },
    ...(body && { body: JSON.stringify(body) }),
  })
  expect(response.status).toBe(201)
  return bodyOf<Digit>(response)
}

const waiting = { prefer: 'wait=50' }
const predict = (headers: Record<string, string> = {}) =>
  post('/models/augur/digits/predictions', { input: row.input }, headers)

const read = async (id: string, wait = 0) =>
  bodyOf<Digit>(await stack.request(`/predictions/${id}?wait=${wait}`))

async function hold(kind: 'pause' | 'resume', version: string): Promise<void> {
  const response = await fetch(`${stack.url}/admin/versions/${version}/${kind}`, { method: 'POST' })
  expect(response.status).toBe(200)
}

test('an ended prediction is retried as it was, and replayed on the optimised version', async () => {
  const original = await predict(waiting)
  const retried = await post(`/predictions/${original.id}/retry`, undefined, waiting)
  expect(retried).toMatchObject({
    status: 'succeeded',
    version: original.version,
    output: original.output,
    retried_from: original.id,
  })
  const replayed = await post(`/predictions/${original.id}/replay`, { version: 'int8' }, waiting)
  expect(replayed).toMatchObject({ status: 'succeeded', version_label: 'int8', retried_from: original.id })
  expect(replayed.output?.label).toBe(row.label)
})

test('what is submitted to a paused version waits, says why, and runs once it is resumed', async () => {
  const { version } = await predict(waiting)
  await hold('pause', version)
  const submitted = await predict()
  await until(async () => (await read(submitted.id)).waiting_reason === 'paused')
  // Another version is served meanwhile.
  const other = await post(`/predictions/${submitted.id}/replay`, { version: 'int8' }, waiting)
  expect(other.status).toBe('succeeded')
  expect(await read(submitted.id)).toMatchObject({ status: 'starting', waiting_reason: 'paused' })
  await hold('resume', version)
  expect(await read(submitted.id, 50)).toMatchObject({ status: 'succeeded', output: { label: row.label } })
})

test('a deleted prediction is nowhere any more', async () => {
  const { id } = await predict(waiting)
  const deleted = await stack.request(`/predictions/${id}`, { method: 'DELETE' })
  expect(deleted.status).toBe(204)
  expect((await stack.request(`/predictions/${id}`)).status).toBe(404)
  const page = await bodyOf<{ results: Digit[] }>(await stack.request('/predictions'))
  expect(page.results.map((each) => each.id)).not.toContain(id)
})
