import { type Experiment, noFailures } from '../experiment.js'
import { submitSteadily } from '../load.js'

export const rollingRestart: Experiment = {
  id: 'W9',
  title: 'Workers are restarted one by one under load',
  counts: { short: 1, quick: 2, full: 10 },
  rig: () => ({ workers: 2 }),
  async run(rig, { count }) {
    const load = submitSteadily(rig, 30, { sleepMs: 50 })
    for (let round = 0; round < count; round++) {
      for (const worker of rig.workers) {
        rig.noteFault('SIGTERM', worker.name, [worker.pid], 0)
        await worker.kill('SIGTERM')
        worker.start()
        await rig.becomeReady()
      }
    }
    await load.stop()
  },
  criteria: (history) => [
    ...noFailures(history),
    {
      name: 'exits other than 0',
      value: history.of('exit').filter(({ code }) => code !== 0).length,
      atMost: 0,
    },
  ],
}
