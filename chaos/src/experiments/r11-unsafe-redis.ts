import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Experiment } from '../experiment.js'
import { until } from '../rig/until.js'

const production = { AUGUR_MODE: 'production' }
const faults = [
  { name: 'evicts keys', settings: { 'maxmemory-policy': 'allkeys-lru' } },
  { name: 'has no append-only file', settings: { appendonly: 'no' } },
]

export const unsafeRedis: Experiment = {
  id: 'R11',
  title: 'Processes in production mode meet a Redis that may lose data',
  counts: { short: 1, quick: 1, full: 1 },
  rig: () => ({ startsWithRedis: false, apis: 1, workers: 1, deliverers: 0 }),
  async run(rig) {
    await Promise.all(rig.processes.map((process) => process.kill('SIGKILL')))
    let refused = 0
    let clear = 0
    for (const { settings } of faults) {
      await rig.redis.start(settings)
      for (const process of rig.processes) {
        process.start(production)
        process.mayEnd()
        if (await until(() => !process.isRunning, 15_000)) refused++
        else await process.kill('SIGKILL')
        const log = await readFile(join(rig.options.folder, 'logs', `${process.name}.log`), 'utf8')
        if (/^Redis /m.test(log)) clear++
      }
      await rig.redis.stop()
    }
    await rig.redis.start()
    for (const process of rig.processes) process.start(production)
    await rig.becomeReady()
    const wanted = faults.length * rig.processes.length
    return [
      { name: 'processes that refused', value: refused, atLeast: wanted },
      { name: 'that said why', value: clear, atLeast: wanted },
    ]
  },
}
