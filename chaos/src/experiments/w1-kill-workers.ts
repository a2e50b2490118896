import { type Experiment, noFailures } from '../experiment.js'
import { endedRuns, repeatedly, submitMany } from '../load.js'
import { quantile } from '../quantile.js'
import { recoveryTimes } from '../recovery.js'
import { until } from '../rig/until.js'

const runMs = 200

export const killWorkers: Experiment = {
  id: 'W1',
  title: 'Workers are killed at random, one every 2 s',
  counts: { short: 100, quick: 400, full: 5000 },
  rig: ({ profile }) => ({ workers: profile === 'full' ? 4 : 3 }),
  async run(rig, { count, random }) {
    for (const worker of rig.workers) rig.keepAlive(worker)
    const submitted = submitMany(rig, count, () => ({ sleepMs: runMs }))
    const killing = repeatedly(2000, async () => {
      const worker = random.pick(rig.workers.filter(({ isRunning }) => isRunning))
      if (worker) await rig.killProcess(worker)
    })
    await submitted
    await until(async () => (await endedRuns(rig)) >= 0.97 * count, 600_000, 200)
    await killing.stop()
  },
  criteria: (history, { profile }) => [
    ...noFailures(history),
    { name: 'kills', value: history.of('fault').length, atLeast: profile === 'full' ? 8 : 3 },
    { name: 'restart elsewhere p90 (ms)', value: quantile(recoveryTimes(history), 0.9), atMost: 20_000 },
    // Some lose a second worker before they begin again.
    { name: 'restart elsewhere, worst (ms)', value: quantile(recoveryTimes(history), 1), atMost: 40_000 },
  ],
}
