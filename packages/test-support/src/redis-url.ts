import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** The Redis that `global-redis.ts` started for this run. Shared by all tests: use a prefix of your own. */
    redisUrl: string
  }
}

/** URL of the run's Redis, in the vitest projects `redis` and `e2e`. */
export function redisUrl(): string {
  return inject('redisUrl')
}
