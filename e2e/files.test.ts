import { fileURLToPath } from 'node:url'
import { type ArtefactServer, startArtefactServer } from '@augur/test-support/artefact-server'
import { type S3Server, startS3Server } from '@augur/test-support/s3-server'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digitSeven } from './support/digit-image.js'
import { bodyOf, ended, type WirePrediction } from './support/predictions.js'

const modelsDir = fileURLToPath(new URL('../models', import.meta.url))
const keys = { region: 'eu-test-1', accessKeyId: 'access', secretAccessKey: 'secret' }

let s3: S3Server
let elsewhere: ArtefactServer
let stack: TestStack
beforeAll(async () => {
  s3 = await startS3Server('augur', keys)
  elsewhere = await startArtefactServer()
  elsewhere.files.set('/seven.png', digitSeven)
  stack = await startTestStack({
    modelsDir,
    env: {
      AUGUR_PAYLOAD_STORE: 's3://augur/here',
      AUGUR_PAYLOAD_INLINE_BYTES: '100',
      AUGUR_S3_ENDPOINT: s3.url,
      AUGUR_S3_REGION: keys.region,
      AUGUR_S3_ACCESS_KEY_ID: keys.accessKeyId,
      AUGUR_S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AUGUR_FILE_RETENTION_SECONDS: '15',
      AUGUR_RUN_SLOTS: '1',
      AUGUR_FETCH_SECONDS: '5',
    },
  })
})
afterAll(async () => {
  await stack?.stop()
  await Promise.all([s3?.close(), elsewhere?.close()])
})

interface WireFile {
  id: string
  size: number
  urls: { get: string; download: string }
}

async function upload(content: Buffer): Promise<WireFile> {
  const form = new FormData()
  form.set('content', new Blob([content]), 'seven.png')
  const response = await stack.request('/files', { method: 'POST', body: form })
  expect(response.status).toBe(201)
  return bodyOf<WireFile>(response)
}

async function predict(image: string): Promise<WirePrediction> {
  const response = await stack.request('/models/augur/digits/predictions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=20' },
    body: JSON.stringify({ input: { image } }),
  })
  return bodyOf(response)
}

test('a file in an S3 store is the input of a prediction, and comes back whole', async () => {
  const file = await upload(digitSeven)
  expect([...s3.objects.keys()]).toEqual([`here/files/default/${file.id.slice(-2)}/${file.id}`])
  for (const image of [file.urls.get, file.urls.download]) {
    expect(await predict(image)).toMatchObject({
      status: 'succeeded',
      input: { image },
      output: { label: '7' },
    })
  }
  const downloaded = await fetch(file.urls.download)
  expect(Buffer.from(await downloaded.arrayBuffer()).equals(digitSeven)).toBe(true)
})

test('a file that is larger than a part of an upload comes back whole', async () => {
  const content = Buffer.alloc(24 * 1024 * 1024, 'augur ')
  const file = await upload(content)
  expect(file.size).toBe(content.length)
  const response = await fetch(file.urls.download)
  let size = 0
  for await (const chunk of response.body ?? []) size += chunk.length
  expect(size).toBe(content.length)
})

test('large inputs and outputs are kept in the S3 store and come back from it', async () => {
  const image = `data:image/png;base64,${digitSeven.toString('base64')}`
  const { id } = await predict(image)
  const kept = [...s3.objects.keys()].filter((key) => key.includes(id))
  expect(kept.length).toBe(2)
  const read = await bodyOf(await stack.request(`/predictions/${id}`))
  expect(read).toMatchObject({ input: { image }, output: { label: '7' } })
})

test('an image is fetched by its URL from another host', async () => {
  const image = `${elsewhere.url}/seven.png`
  expect(await predict(image)).toMatchObject({
    status: 'succeeded',
    input: { image },
    output: { label: '7' },
  })
})

test('a URL that leads to no image fails its prediction and says why, without the URL', async () => {
  const prediction = await predict(`${elsewhere.url}/missing.png`)
  expect(prediction).toMatchObject({
    status: 'failed',
    error_code: 'invalid_input',
    error: 'image: the file could not be fetched: the answer was 404',
  })
})

test.each([
  ['http://10.0.0.1/seven.png', 'url_not_allowed'],
  ['http://localhost.localdomain/seven.png', 'url_not_allowed'],
  ['http://any.example/api/v1/files/000000000000000000000000000000000000', 'invalid_input'],
])('%s is refused before anything is stored', async (image, code) => {
  const problem = { status: 422, code, errors: [{ pointer: '/input/image' }] }
  expect(await predict(image)).toMatchObject(problem)
})

test('a host that does not answer holds up nobody else', async () => {
  elsewhere.answers.push({ isSilent: true })
  const slow = await stack.request('/models/augur/digits/predictions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input: { image: `${elsewhere.url}/seven.png` } }),
  })
  const { id } = await bodyOf(slow)
  await expect.poll(() => elsewhere.answers.length).toBe(0)
  const image = `data:image/png;base64,${digitSeven.toString('base64')}`
  expect(await predict(image)).toMatchObject({ status: 'succeeded' })
  expect(await bodyOf(await stack.request(`/predictions/${id}`))).toMatchObject({ status: 'starting' })
  expect(await ended(stack, id)).toMatchObject({
    status: 'failed',
    error: 'image: the file could not be fetched within 5 s',
  })
})

test('lines of a batch name files, and one whose file cannot be had fails alone', async () => {
  const { urls } = await upload(digitSeven)
  const images = [urls.get, `${elsewhere.url}/missing.png`, `${elsewhere.url}/seven.png`]
  const created = await stack.request('/batches', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'augur/digits', inputs: images.map((image) => ({ image })) }),
  })
  const batch = await bodyOf<{ id: string }>(created)
  const counts = async () =>
    (await bodyOf<{ request_counts: object }>(await stack.request(`/batches/${batch.id}`))).request_counts
  await expect.poll(counts).toEqual({ total: 3, completed: 2, failed: 1 })
  const errors = await (await stack.request(`/batches/${batch.id}/errors`)).text()
  expect(errors).toContain('image: the file could not be fetched: the answer was 404')
})

test('files go from the store when they expire', async () => {
  const { id } = await upload(digitSeven)
  const isStored = () => [...s3.objects.keys()].some((key) => key.includes('/files/'))
  expect(isStored()).toBe(true)
  await expect.poll(isStored).toBe(false)
  expect((await stack.request(`/files/${id}`)).status).toBe(410)
})
