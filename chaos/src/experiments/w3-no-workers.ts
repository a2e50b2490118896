import { type Experiment, noFailures } from '../experiment.js'
import { submitMany } from '../load.js'
import { readRuns } from '../rig/chaos-model.js'
import { pause } from '../rig/until.js'

export const noWorkers: Experiment = {
  id: 'W3',
  title: 'All workers are killed at half time, and come back later',
  counts: { short: 60, quick: 200, full: 5000 },
  rig: () => ({}),
  async run(rig, { count, profile }) {
    await submitMany(rig, count / 2, () => ({ sleepMs: 100 }))
    await Promise.all(rig.workers.map((worker) => rig.killProcess(worker)))
    const during = performance.now()
    await submitMany(rig, count / 2, () => ({ sleepMs: 100 }))
    const id = await rig.client.submit(rig.tenant(0), { input: {} })
    const read = id === null ? null : await rig.client.read(rig.tenant(0), id)
    const awayMs = profile === 'full' ? 60_000 : 8000
    await pause(awayMs - (performance.now() - during))
    const startedAt = Date.now()
    for (const worker of rig.workers) worker.start()
    await rig.becomeReady()
    const resumed = (await readRuns(rig.runsPath)).find(({ at }) => at > startedAt)
    return [
      { name: 'waits as `starting` (1: yes)', value: read?.status === 'starting' ? 1 : 0, atLeast: 1 },
      { name: 'runs resume after (ms)', value: resumed ? resumed.at - startedAt : Infinity, atMost: 20_000 },
    ]
  },
  criteria: noFailures,
}
