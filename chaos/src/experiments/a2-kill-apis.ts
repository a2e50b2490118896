import { type Experiment, noFailures } from '../experiment.js'
import { repeatedly, submitMany } from '../load.js'

export const killApis: Experiment = {
  id: 'A2',
  title: 'APIs are killed at random, and clients try again',
  counts: { short: 100, quick: 200, full: 5000 },
  rig: () => ({}),
  async run(rig, { count, random, profile }) {
    for (const api of rig.apis) rig.keepAlive(api)
    const killing = repeatedly(profile === 'full' ? 3000 : 2000, async () => {
      // A busy machine starts them more slowly than they would be killed, and nobody would be served at all.
      const ready = await Promise.all(rig.origins.map((origin) => rig.isReady(origin)))
      const api = random.pick(rig.apis)
      if (api && ready.every(Boolean)) await rig.killProcess(api)
    })
    await submitMany(rig, count, () => ({ sleepMs: 50 }), { producers: 8 })
    await killing.stop()
  },
  criteria: (history, { count }) => [
    ...noFailures(history),
    { name: 'accepted', value: history.accepted.size, atLeast: count, atMost: count },
    { name: 'kills', value: history.of('fault').length, atLeast: 1 },
  ],
}
