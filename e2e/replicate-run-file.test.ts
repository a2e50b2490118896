import { afterAll, beforeAll, expect, test } from 'vitest'
import { digitSeven } from './support/digit-image.js'
import { type ClientStack, startClientStack } from './support/official-client.js'

let own: ClientStack
beforeAll(async () => {
  own = await startClientStack()
})
afterAll(() => own?.stop())

test.each([
  ['a Buffer', digitSeven],
  ['a Blob', new Blob([digitSeven])],
  ['a File', new File([digitSeven], 'seven.png', { type: 'image/png' })],
  ['a data URI', `data:image/png;base64,${digitSeven.toString('base64')}`],
])('run() takes %s where the model wants an image', async (_, image) => {
  expect(await own.client.run('augur/digits', { input: { image } })).toMatchObject({ label: '7' })
})

test('a file is uploaded once and is the input of any number of predictions, until it is deleted', async () => {
  const { client } = own
  const file = await client.files.create(digitSeven, { purpose: 'test' })
  expect(file).toMatchObject({
    content_type: 'image/png',
    size: digitSeven.length,
    metadata: { purpose: 'test' },
    checksums: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  })
  expect(await client.files.get(file.id)).toEqual(file)
  expect((await client.files.list()).results.map(({ id }) => id)).toContain(file.id)
  const input = { image: file.urls.get }
  for (let i = 0; i < 2; i++)
    expect(await client.run('augur/digits', { input })).toMatchObject({ label: '7' })
  expect(await client.files.delete(file.id)).toBe(true)
  await expect(client.files.get(file.id)).rejects.toThrow('status 4')
})

test('a model that wants an image refuses a file that is none, by its name in the input', async () => {
  const text = new Blob(['no picture'], { type: 'text/plain' })
  await expect(own.client.run('augur/digits', { input: { image: text } })).rejects.toThrow(/image/)
})
