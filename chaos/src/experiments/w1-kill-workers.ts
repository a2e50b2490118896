import { type Experiment, noFailures, type Profile } from '../experiment.js'
import { endedRuns, repeatedly, submitMany } from '../load.js'
import { quantile } from '../quantile.js'
import { recoveryTimes } from '../recovery.js'
import { readRuns } from '../rig/chaos-model.js'
import type { ManagedProcess } from '../rig/managed-process.js'
import type { Rig } from '../rig/rig.js'
import { until } from '../rig/until.js'
import { childrenOf } from '@augur/test-support/test-stack'

const runMs = 200

const leastKills = (profile: Profile) => (profile === 'full' ? 8 : 3)

/** Workers that have run something since they were started. */
async function servingWorkers(rig: Rig): Promise<ManagedProcess[]> {
  const pids = new Set((await readRuns(rig.runsPath)).map(({ pid }) => pid))
  return rig.workers.filter(
    ({ isRunning, pid }) => isRunning && childrenOf(pid).some((child) => pids.has(child)),
  )
}

export const killWorkers: Experiment = {
  id: 'W1',
  title: 'Workers are killed at random, one every 2 s',
  counts: { short: 100, quick: 400, full: 5000 },
  rig: ({ profile }) => ({ workers: profile === 'full' ? 4 : 3 }),
  async run(rig, { count, random, profile }) {
    let kills = 0
    for (const worker of rig.workers) rig.keepAlive(worker)
    const submitted = submitMany(rig, count, () => ({ sleepMs: runMs }))
    const killing = repeatedly(2000, async () => {
      // Somebody else has to be there who can begin again what the victim had.
      const serving = await servingWorkers(rig)
      const worker = serving.length > 1 ? random.pick(serving) : undefined
      if (worker === undefined) return
      await rig.killProcess(worker)
      kills++
    })
    await submitted
    // A busy machine starts workers more slowly than it runs what is there.
    while (kills < leastKills(profile)) await submitMany(rig, 20, () => ({ sleepMs: runMs }))
    await until(async () => (await endedRuns(rig)) >= 0.97 * count, 600_000, 200)
    await killing.stop()
  },
  criteria: (history, { profile }) => [
    ...noFailures(history),
    { name: 'kills', value: history.of('fault').length, atLeast: leastKills(profile) },
    { name: 'restart elsewhere p95 (ms)', value: quantile(recoveryTimes(history), 0.95), atMost: 20_000 },
    // Some lose a second worker before they begin again.
    { name: 'restart elsewhere, worst (ms)', value: quantile(recoveryTimes(history), 1), atMost: 40_000 },
  ],
}
