import { type Experiment, noFailures } from '../experiment.js'
import { submitSteadily } from '../load.js'
import { quantile } from '../quantile.js'
import { pause, until } from '../rig/until.js'

/** One way; a round trip takes twice as long. */
const delayMs = 100

export const badNetwork: Experiment = {
  id: 'R9',
  title: 'The network to Redis is slow, cuts connections, and falls silent',
  isAlone: true,
  counts: { short: 2, quick: 5, full: 30 },
  rig: () => ({ hasProxy: true }),
  async run(rig, { count, random }) {
    const load = submitSteadily(rig, 25, { sleepMs: 20 })
    await pause(1000)
    const slowFrom = Date.now()
    rig.proxy.delayMs = delayMs
    await pause(count * 1000)
    rig.proxy.delayMs = 0
    const slow = rig.ledger.events.flatMap((event) =>
      event.kind === 'response' && event.status === 201 && event.at > slowFrom + 1000
        ? [event.durationMs]
        : [],
    )
    for (let round = 0; round < count * 4; round++) {
      rig.noteFault('reset', 'network', [], rig.heldByWorker)
      rig.proxy.reset(0.05, () => random.next())
      await pause(250)
    }
    rig.noteFault('silence', 'network', [], rig.heldByWorker * rig.workers.length)
    rig.proxy.silence()
    const silentAt = Date.now()
    const tenant = rig.tenant(0)
    const isBack = await until(async () => (await rig.client.submit(tenant, { input: {} })) !== null, 20_000)
    const submitMs = isBack ? Date.now() - silentAt : Infinity
    const id = await rig.client.submit(tenant, { input: {} })
    const isRun = await until(
      async () => id !== null && (await rig.client.read(tenant, id, 2))?.status === 'succeeded',
      40_000,
    )
    const runMs = isRun ? Date.now() - silentAt : Infinity
    await load.stop()
    return [
      // With a key, a submission takes five round trips.
      { name: 'submit p50 over a slow network (ms)', value: quantile(slow, 0.5), atMost: 1200 },
      { name: 'submit p99 over a slow network (ms)', value: quantile(slow, 0.99), atMost: 2000 },
      { name: 'accepted again after silence (ms)', value: submitMs, atMost: 10_000 },
      { name: 'run again after silence (ms)', value: runMs, atMost: 30_000 },
    ]
  },
  criteria: noFailures,
}
