import type { Prediction } from 'replicate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClientStack, interval, startClientStack } from './support/official-client.js'

let own: ClientStack
beforeAll(async () => {
  own = await startClientStack()
})
afterAll(() => own?.stop())

test('a prediction is created, found, listed and waited for', async () => {
  const { client } = own
  const { input, label } = own.row(1)
  const created = await client.predictions.create({ model: 'augur/digits', input })
  expect(created).toMatchObject({ status: 'starting', output: null, error: null, model: 'augur/digits' })
  const ended = await client.wait(created, { interval })
  expect(ended).toMatchObject({ id: created.id, status: 'succeeded', input, output: { label } })
  expect(withoutUrls(await client.predictions.get(created.id))).toEqual(withoutUrls(ended))
  const { results } = await client.predictions.list()
  expect(results.map(withoutUrls)).toContainEqual(withoutUrls(ended))
})

/** Each answer has a ticket of its own in the URL of the stream. */
const withoutUrls = (prediction: Prediction) => ({ ...prediction, urls: {} })

test('create() can wait by itself', async () => {
  const { input, label } = own.row(2)
  const ended = await own.client.predictions.create({ model: 'augur/digits', input, wait: true })
  expect(ended).toMatchObject({ status: 'succeeded', output: { label } })
})

test('models and versions are listed, found and searched, with the schema of their input', async () => {
  const { client } = own
  const namesOf = (models: { owner: string; name: string }[]) =>
    models.map(({ owner, name }) => `${owner}/${name}`)
  expect(namesOf((await client.models.list()).results)).toEqual(['augur/digits', 'augur/gated'])
  expect(namesOf((await client.models.search('handwritten digits')).results)).toEqual(['augur/digits'])
  const { results: versions } = await client.models.versions.list('augur', 'digits')
  expect(versions).toHaveLength(2)
  for (const { id } of versions) {
    const version = await client.models.versions.get('augur', 'digits', id)
    expect(version.id).toBe(id)
    expect(version.openapi_schema).toHaveProperty('components.schemas.Input.properties.pixels')
  }
})

test('what this server has none of is an empty list', async () => {
  const { client } = own
  expect(await client.accounts.current()).toMatchObject({ username: 'default' })
  expect(await client.hardware.list()).toHaveLength(1)
  for (const list of [client.collections.list, client.trainings.list, client.deployments.list]) {
    expect(await list()).toMatchObject({ results: [] })
  }
  await expect(client.deployments.get('augur', 'none')).rejects.toThrow('404')
})
