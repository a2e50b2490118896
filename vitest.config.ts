import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const packages = fileURLToPath(new URL('./packages', import.meta.url))

// Unit and Redis tests read the packages' sources; only the e2e stories run what was built.
const resolve = {
  alias: [
    { find: /^@augur\/(client|core|inference|test-support)\/(.*)$/, replacement: `${packages}/$1/src/$2.ts` },
  ],
}

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          include: [
            '{packages,apps}/*/src/**/*.test.ts',
            '{bench,chaos}/src/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          exclude: ['**/*.redis.test.ts', '**/node_modules/**', '**/dist/**'],
        },
      },
      {
        resolve,
        test: {
          name: 'redis',
          include: ['{packages,apps}/*/src/**/*.redis.test.ts'],
          globalSetup: ['packages/test-support/src/global-redis.ts'],
          testTimeout: 20_000,
        },
      },
      {
        resolve,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          globalSetup: ['packages/test-support/src/global-redis.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // Each story starts processes of its own: two at a time is what two cores carry, and after everything else.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
