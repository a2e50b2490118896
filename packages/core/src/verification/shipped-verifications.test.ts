import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { readModelRepository } from '../models/model-repository.js'
import { digestDataset } from './digest-dataset.js'
import { readVerifications } from './read-verification.js'

const models = fileURLToPath(new URL('../../../../models', import.meta.url))

test('what is shipped with an optimised version is a verification of these very files and this very test set, and passed', async () => {
  const { versions } = await readModelRepository(models)
  const states = await readVerifications(versions, digestDataset)
  const optimised = versions.filter(({ manifest }) => manifest.baseline !== undefined)
  const told = optimised.map(({ model, label, id }) => `${model}:${label} ${states.get(id)?.state}`)
  expect(told.toSorted()).toEqual(['augur/digits:int8 passed', 'augur/tickets:int8 passed'])
})
