import { expect, test } from 'vitest'
import { type ProfiledSetting, recommend, sharesOf } from './profile.js'

const setting = (instances: number, microBatchSize: number, p95Ms: number, perSecond: number) =>
  ({
    threads: 1,
    instances,
    microBatchSize,
    p50Ms: p95Ms,
    p95Ms,
    p99Ms: p95Ms,
    perSecond,
  }) satisfies ProfiledSetting

test('the fastest setting within the latency target is recommended', () => {
  const settings = [setting(1, 1, 2, 500), setting(1, 8, 6, 1300), setting(1, 32, 40, 2000)]
  expect(recommend(settings, 10)?.microBatchSize).toBe(8)
  expect(recommend(settings, null)?.microBatchSize).toBe(32)
})

test('of settings about as fast, the one that asks for less', () => {
  const settings = [setting(2, 16, 5, 1000), setting(1, 16, 5, 960), setting(1, 8, 5, 955)]
  expect(recommend(settings, null)).toMatchObject({ instances: 1, microBatchSize: 8 })
})

test('nothing is recommended where nothing keeps the target', () => {
  expect(recommend([setting(1, 1, 20, 50)], 10)).toBeNull()
})

test('no share asks for more cores than there are', () => {
  for (const cores of [1, 2, 3, 8, 12]) {
    const shares = sharesOf(cores)
    expect(shares).toContainEqual({ threads: 1, instances: 1 })
    expect(shares.every(({ threads, instances }) => threads * instances <= cores)).toBe(true)
  }
})
