import { type Experiment, noFailures } from '../experiment.js'
import { endedRuns, repeatedly, submitMany } from '../load.js'
import { quantile } from '../quantile.js'
import { recoveryTimes } from '../recovery.js'
import { readRuns } from '../rig/chaos-model.js'
import { childrenOf } from '@augur/test-support/test-stack'
import type { Rig } from '../rig/rig.js'
import { until } from '../rig/until.js'

const runMs = 200
/** The third time that a prediction loses its runner is its last: the schedule must not be what ends it. */
const mostHits = 2
/** Longest that nine of ten runs, and all of them, may take to be begun again. What short runs judge is no time. */
const recoveryMs = {
  short: { most: Infinity, all: Infinity },
  quick: { most: 5000, all: 9000 },
  // Whole figures are for a machine that does nothing else.
  full: { most: 2000, all: 9000 },
}

/** Requests that a runner is running now. */
async function runningIn(rig: Rig, runner: number): Promise<number[]> {
  const running = new Set<number>()
  for (const { pid, request, phase } of await readRuns(rig.runsPath)) {
    if (pid !== runner) continue
    if (phase === 'begin') running.add(request)
    else running.delete(request)
  }
  return [...running]
}

export const killRunners: Experiment = {
  id: 'W2',
  title: 'Runners are killed at random, one every 0.5 s',
  isAlone: true,
  counts: { short: 60, quick: 300, full: 5000 },
  rig: () => ({ workers: 2 }),
  async run(rig, { count, random }) {
    const hits = new Map<number, number>()
    const submitted = submitMany(rig, count, () => ({ sleepMs: runMs }))
    const killing = repeatedly(500, async () => {
      const runner = random.pick(rig.workers.flatMap(({ pid }) => childrenOf(pid)))
      if (runner === undefined) return
      const running = await runningIn(rig, runner)
      // One that dies while it loads is another matter: it would count towards a crash loop.
      if (running.length === 0) return
      if (running.some((request) => (hits.get(request) ?? 0) >= mostHits)) return
      for (const request of running) hits.set(request, (hits.get(request) ?? 0) + 1)
      rig.noteFault('kill', 'runner', [runner], 2 * rig.heldByWorker)
      process.kill(runner, 'SIGKILL')
    })
    await submitted
    await until(async () => (await endedRuns(rig)) >= 0.97 * count, 600_000, 200)
    await killing.stop()
  },
  criteria: (history, { profile }) => [
    ...noFailures(history),
    { name: 'kills', value: history.of('fault').length, atLeast: profile === 'short' ? 2 : 8 },
    {
      name: 'run again p90 (ms)',
      value: quantile(recoveryTimes(history), 0.9),
      atMost: recoveryMs[profile].most,
    },
    // Of those that lose a second runner before it is their turn. Waiting for a lock would take longer.
    {
      name: 'run again, worst (ms)',
      value: quantile(recoveryTimes(history), 1),
      atMost: recoveryMs[profile].all,
    },
  ],
}
