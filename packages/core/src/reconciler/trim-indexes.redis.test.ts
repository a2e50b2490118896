import { createTestContext } from '@augur/test-support/test-context'
import { expect, test } from 'vitest'
import { newPredictionId } from '../ids.js'
import { trimIndexes } from './trim-indexes.js'

test('every tenant loses the ids of records that are long gone, and no others', async () => {
  const context = await createTestContext()
  const { index, tag, clock, recordRetentionMs } = context
  const old = newPredictionId(tag, clock.now)
  const tenants = ['default', 'acme', 'globex']
  for (const tenant of tenants) await index.add(tenant, [old])
  clock.now += 2 * recordRetentionMs
  const recent = newPredictionId(tag, clock.now)
  for (const tenant of tenants) await index.add(tenant, [recent])
  await trimIndexes(context)
  for (const tenant of tenants) expect(await index.list(tenant, null, 10)).toEqual([recent, old])
  clock.now += 1
  await trimIndexes(context)
  for (const tenant of tenants) expect(await index.list(tenant, null, 10)).toEqual([recent])
  expect(new Set(await index.tenants())).toEqual(new Set(tenants))
  await context.close()
})
