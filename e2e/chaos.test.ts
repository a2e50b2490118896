import { fileURLToPath } from 'node:url'
import { sameKey } from '@augur/chaos/experiments/a7-same-key'
import { killRedisAlways } from '@augur/chaos/experiments/r1-kill-redis'
import { killRunners } from '@augur/chaos/experiments/w2-kill-runners'
import { explain } from '@augur/chaos/report'
import { runExperiment } from '@augur/chaos/run-experiment'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))

// The few that need no long wait; `npm run chaos -- --all` carries out all of them.
test.each([killRunners, killRedisAlways, sameKey])('$id holds every promise: $title', async (experiment) => {
  const verdict = await runExperiment(experiment, { root, seed: 7, profile: 'short' })
  expect(explain(verdict).filter((line) => line.includes('FAIL'))).toEqual([])
})
