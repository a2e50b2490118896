import { type Experiment, noFailures } from '../experiment.js'
import { readRuns } from '../rig/chaos-model.js'
import { pause, until } from '../rig/until.js'

const graceSeconds = 2

export const stopWorker: Experiment = {
  id: 'W8',
  title: 'A worker is told to stop while it runs short and long predictions',
  counts: { short: 1, quick: 3, full: 20 },
  rig: () => ({ serving: { maxSize: 1 }, env: { AUGUR_GRACE_SECONDS: String(graceSeconds) } }),
  async run(rig, { count }) {
    const stops: number[] = []
    for (let round = 0; round < count; round++) {
      const worker = rig.workers[round % rig.workers.length]
      if (!worker) throw new Error('the rig has no worker')
      const inputs = [300, 300, 300, 8000].map((sleepMs) => ({ sleepMs }))
      for (const [i, input] of inputs.entries())
        await rig.client.submit(rig.tenant(i), { input, hasWebhook: true })
      const begun = (await readRuns(rig.runsPath)).length
      await until(async () => (await readRuns(rig.runsPath)).length > begun, 5000)
      rig.noteFault('SIGTERM', worker.name, [worker.pid], rig.heldByWorker)
      const startedAt = Date.now()
      await worker.kill('SIGTERM')
      stops.push(Date.now() - startedAt)
      await pause(300)
      worker.start()
      await rig.becomeReady()
    }
    return [{ name: 'longest stop (ms)', value: Math.max(...stops), atMost: 30_000 }]
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
