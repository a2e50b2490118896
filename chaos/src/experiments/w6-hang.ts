import type { Experiment } from '../experiment.js'
import { inParallel } from '../rig/settle.js'
import { until } from '../rig/until.js'

const timeoutSeconds = 2

export const hang: Experiment = {
  id: 'W6',
  title: 'Inputs hang for ever, one after the other',
  isAlone: true,
  counts: { short: 2, quick: 8, full: 20 },
  rig: () => ({ workers: 1, serving: { maxSize: 1, timeoutSeconds } }),
  async run(rig, { count }) {
    for (let i = 0; i < count; i++) rig.noteFault('hang', `submission ${i}`, [], 1)
    const hung = Array.from({ length: count }, (_, i) => i)
    await inParallel(hung, async (i) => {
      const tenant = rig.tenant(i)
      const id = await rig.client.submit(tenant, { input: { hang: true }, hasWebhook: true })
      if (id === null) return
      await until(async () => (await rig.client.read(tenant, id, 30))?.status === 'failed', 300_000)
    })
    const startedAt = performance.now()
    const id = await rig.client.submit(rig.tenant(0), { input: {} })
    const after = id === null ? null : await rig.client.read(rig.tenant(0), id, 30)
    return [
      { name: 'one after them succeeds (1: yes)', value: after?.status === 'succeeded' ? 1 : 0, atLeast: 1 },
      { name: 'one after them takes (ms)', value: performance.now() - startedAt, atMost: 3000 },
    ]
  },
  criteria: (history, { count }) => {
    const ends = [...history.accepted.keys()].map((id) => history.endOf(id))
    const timedOut = ends.filter((end) => end?.errorCode === 'timeout').length
    return [{ name: 'failed with `timeout`', value: timedOut, atLeast: count, atMost: count }]
  },
}
