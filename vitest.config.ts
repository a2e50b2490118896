import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const packages = fileURLToPath(new URL('./packages', import.meta.url))

// Unit and Redis tests read the packages' sources; only the e2e stories run what was built.
const resolve = {
  alias: [
    { find: /^@augur\/(client|core|inference|test-support)\/(.*)$/, replacement: `${packages}/$1/src/$2.ts` },
  ],
}

const testTimeout = 300_000
const common = {
  // Modules have no state of their own, so files may share what they load; a fork for each would double their time.
  isolate: false,
  // Most files wait for processes and timers for much of their time: the cores carry more of them than there are.
  maxWorkers: availableParallelism() + 1,
  // No test asserts how long something takes: these end what hangs, on a busy machine too.
  testTimeout,
  hookTimeout: testTimeout,
  expect: { poll: { timeout: 100_000, interval: 20 } },
}

/** Short files that take long, so that their size says nothing of it. */
const slow =
  /\/(chaos-defects|chaos|worker-crash-recovers|runner-crash-recovers|memory|containment)\.test\.ts$/

/** Lets what takes long begin first, within its project, so that nothing runs alone at the end. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- the sequencer's own
    const sorted = await super.sort(files)
    const projects = new Set(sorted.map(({ project }) => project))
    return [...projects].flatMap((project) => {
      const own = sorted.filter((file) => file.project === project)
      const isSlow = ({ moduleId }: TestSpecification) => slow.test(moduleId)
      return [...own.filter(isSlow), ...own.filter((file) => !isSlow(file))]
    })
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        resolve,
        test: {
          ...common,
          name: 'unit',
          include: [
            '{packages,apps}/*/src/**/*.test.ts',
            '{bench,chaos}/src/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          exclude: ['**/*.redis.test.ts', '**/node_modules/**', '**/dist/**'],
          globalSetup: ['packages/test-support/src/global-build.ts'],
        },
      },
      {
        resolve,
        test: {
          ...common,
          name: 'redis',
          include: ['{packages,apps}/*/src/**/*.redis.test.ts'],
          globalSetup: [
            'packages/test-support/src/global-build.ts',
            'packages/test-support/src/global-redis.ts',
          ],
        },
      },
      {
        resolve,
        test: {
          ...common,
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          globalSetup: ['packages/test-support/src/global-redis.ts'],
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
