import { inject } from 'vitest'

/** Who code under test is to Redis: one of its processes, or any of them. */
export type TestRole = 'api' | 'worker' | 'product'

declare module 'vitest' {
  interface ProvidedContext {
    /** The Redis that `global-redis.ts` started for this run. Shared by all tests: use a prefix of your own. */
    redisUrl: string
    /** With the user of each role in it, where the run's Redis has users. */
    redisRoleUrls: Partial<Record<TestRole, string>>
  }
}

/** URL of the run's Redis, in the vitest projects `redis` and `e2e`, as whoever may do anything. */
export function redisUrl(): string {
  return inject('redisUrl')
}

/** The same as a process of the product has it: with AUGUR_TEST_REDIS=acl it may do no more than its role needs. */
export function roleUrl(role: TestRole): string {
  return inject('redisRoleUrls')[role] ?? redisUrl()
}
