import { type Experiment, noFailures } from '../experiment.js'
import { inParallel } from '../rig/settle.js'

const lockSeconds = 1

export const busyRunner: Experiment = {
  id: 'W7',
  title: 'A run is busy for three times the lock of its job',
  counts: { short: 1, quick: 4, full: 20 },
  rig: () => ({ serving: { maxSize: 1 }, env: { AUGUR_LOCK_SECONDS: String(lockSeconds) } }),
  async run(rig, { count }) {
    const busyMs = 3000 * lockSeconds
    await inParallel(
      Array.from({ length: count }, (_, i) => i),
      async (i) => {
        const tenant = rig.tenant(i)
        const id = await rig.client.submit(tenant, { input: { busyMs }, hasWebhook: true })
        if (id !== null) await rig.client.read(tenant, id, 30)
      },
    )
  },
  criteria: (history, { count }) => [
    ...noFailures(history),
    { name: 'runs', value: history.of('run').filter(({ phase }) => phase === 'begin').length, atMost: count },
  ],
}
