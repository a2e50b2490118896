import { Redis } from 'ioredis'
import { type Experiment, noFailures } from '../experiment.js'
import { submitSteadily } from '../load.js'
import { quantile } from '../quantile.js'
import { pause } from '../rig/until.js'

export const rewriteStorm: Experiment = {
  id: 'R13',
  title: 'Redis rewrites its file again and again under load',
  isAlone: true,
  counts: { short: 2, quick: 5, full: 30 },
  rig: () => ({}),
  async run(rig, { count }) {
    const redis = new Redis(rig.redis.url)
    const perSecond = 60
    const calm = submitSteadily(rig, perSecond, { sleepMs: 5 })
    await pause(3000)
    await calm.stop()
    const before = rig.ledger.events.length
    const load = submitSteadily(rig, perSecond, { sleepMs: 5 })
    for (let round = 0; round < count; round++) {
      rig.noteFault('BGREWRITEAOF', 'redis', [])
      // One that is still under way is as good.
      await redis.bgrewriteaof().catch(() => undefined)
      await pause(1000)
    }
    await load.stop()
    redis.disconnect()
    const timesOf = (events: typeof rig.ledger.events) =>
      events.flatMap((event) => (event.kind === 'response' ? [event.durationMs] : []))
    const calmP99 = quantile(timesOf(rig.ledger.events.slice(0, before)), 0.99)
    const stormP99 = quantile(timesOf(rig.ledger.events.slice(before)), 0.99)
    return [
      { name: 'submit p99 in calm (ms)', value: calmP99 },
      { name: 'submit p99 in the storm (ms)', value: stormP99, atMost: Math.max(100, 3 * calmP99) },
    ]
  },
  criteria: noFailures,
}
