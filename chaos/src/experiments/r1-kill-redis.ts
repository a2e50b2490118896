import { type Experiment, noFailures, type Setting } from '../experiment.js'
import { submitSteadily } from '../load.js'
import type { Rig } from '../rig/rig.js'
import { pause } from '../rig/until.js'

async function killRedis(rig: Rig, { count, profile }: Setting): Promise<void> {
  const load = submitSteadily(rig, 60, { sleepMs: 20 })
  for (let kills = 0; kills < count; kills++) {
    await pause(profile === 'full' ? 5000 : 2500)
    rig.noteFault('kill', 'redis', [rig.redis.pid], rig.heldByWorker * rig.workers.length)
    await rig.redis.kill()
    await pause(500)
    await rig.redis.start()
  }
  await pause(1000)
  await load.stop()
}

const experiment = (id: string, fsync: 'always' | 'everysec'): Experiment => ({
  id,
  title: `Redis is killed again and again (appendfsync ${fsync})`,
  counts: { short: 1, quick: 4, full: 12 },
  rig: () => ({ redis: { appendfsync: fsync } }),
  run: killRedis,
  criteria: noFailures,
})

export const killRedisAlways = experiment('R1', 'always')
export const killRedisEverysec = experiment('R2', 'everysec')
