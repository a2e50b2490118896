import { testVersion } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { predictionSchema } from '../replicate/schemas.js'
import { createTestApi, type TestApi } from '../test/test-api.js'
import { accountingPageSchema } from './schemas.js'

let api: TestApi
beforeEach(async () => {
  api = await createTestApi()
})
afterEach(() => api.close())

const accounts = async () =>
  accountingPageSchema.parse(await (await api.app.request('/admin/accounting')).json()).results

test('what was accepted is open or has ended, and what a crash left behind shows', async () => {
  const created = await Promise.all([api.create(), api.create(), api.create()])
  const [first, second] = await Promise.all(
    created.map(async (response) => predictionSchema.parse(await response.json())),
  )
  await api.work(first?.id ?? '')
  const { id: version, model, label } = testVersion
  const whole = { model, version, label, accepted: 3, open: 2, terminal: 1, gap: 0 }
  expect(await accounts()).toEqual([{ ...whole, open_without_record: 0, open_without_job: 0 }])

  const { core } = api
  await core.queues.remove(core.target, [{ id: second?.id ?? '', epoch: 0 }])
  expect(await accounts()).toMatchObject([{ gap: 0, open_without_job: 1 }])
  await core.redis.zrem(core.keys.open(core.tag, version), second?.id ?? '')
  expect(await accounts()).toMatchObject([{ gap: 1, open_without_job: 0 }])
})
