import { type Experiment, noFailures } from '../experiment.js'
import { submitMany } from '../load.js'
import { pause } from '../rig/until.js'

export const noRedis: Experiment = {
  id: 'R4',
  title: 'Processes start before there is a Redis',
  counts: { short: 20, quick: 40, full: 400 },
  rig: () => ({ startsWithRedis: false }),
  async run(rig, { count }) {
    await pause(4000)
    const running = rig.processes.filter(({ isRunning }) => isRunning).length
    const ready = await Promise.all(rig.origins.map((origin) => rig.isReady(origin)))
    await rig.redis.start()
    const startedAt = Date.now()
    await rig.becomeReady()
    const readyMs = Date.now() - startedAt
    await submitMany(rig, count, () => ({}))
    return [
      { name: 'processes that wait', value: running, atLeast: rig.processes.length },
      { name: 'APIs that call themselves ready', value: ready.filter(Boolean).length, atMost: 0 },
      { name: 'ready after (ms)', value: readyMs, atMost: 10_000 },
    ]
  },
  criteria: noFailures,
}
