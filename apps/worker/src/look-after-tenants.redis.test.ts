import { loadConfig } from '@augur/core/config'
import { CatalogueStore } from '@augur/core/models/catalogue-store'
import { createTestContext, type TestContext } from '@augur/test-support/test-context'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { workerSettings } from './config.js'
import { lookAfterTenants } from './look-after-tenants.js'

let core: TestContext
let looks: string[]
beforeEach(async () => {
  core = await createTestContext()
  looks = []
})
afterEach(() => core.close())

/** Has a worker take one look, or find that it is not up to it. */
async function look(worker: string): Promise<void> {
  const index = Object.assign(Object.create(core.index), {
    tenants: async () => {
      looks.push(worker)
      return core.index.tenants()
    },
  })
  const settings = loadConfig(workerSettings, {})
  const catalogue = new CatalogueStore(core.redis, core.keys)
  await lookAfterTenants({ ...core, catalogue, index, settings, worker }).stop()
}

test('one worker at a time counts and trims what tenants have, and another one once that one is gone', async () => {
  await look('first')
  const byFirst = looks.length
  expect(byFirst).toBeGreaterThan(0)
  await look('second')
  expect(looks).toEqual(Array.from({ length: byFirst }, () => 'first'))
  await look('first')
  expect(looks.length).toBeGreaterThan(byFirst)
  await core.redis.del(core.keys.tenantsLease)
  await look('second')
  expect(looks).toContain('second')
})
