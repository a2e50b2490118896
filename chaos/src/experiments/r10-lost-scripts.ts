import { Redis } from 'ioredis'
import { type Experiment, noFailures } from '../experiment.js'
import { submitSteadily } from '../load.js'
import { pause } from '../rig/until.js'

export const lostScripts: Experiment = {
  id: 'R10',
  title: 'Redis forgets its scripts and drops its clients under load',
  counts: { short: 2, quick: 8, full: 60 },
  rig: () => ({}),
  async run(rig, { count }) {
    const redis = new Redis(rig.redis.url)
    const load = submitSteadily(rig, 50, { sleepMs: 20 })
    for (let round = 0; round < count; round++) {
      await pause(500)
      rig.noteFault('SCRIPT FLUSH', 'redis', [])
      await redis.script('FLUSH')
      await pause(500)
      rig.noteFault('CLIENT KILL', 'redis', [], rig.heldByWorker * rig.workers.length)
      await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub', 'SKIPME', 'yes')
    }
    await load.stop()
    redis.disconnect()
  },
  criteria: noFailures,
}
