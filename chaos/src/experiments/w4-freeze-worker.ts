import { type Experiment, noFailures } from '../experiment.js'
import { submitMany } from '../load.js'
import { descendantsOf } from '@augur/test-support/test-stack'
import { pause } from '../rig/until.js'

const lockSeconds = 2

export const freezeWorker: Experiment = {
  id: 'W4',
  title: 'A worker stands still for three times its lock, and wakes up',
  counts: { short: 1, quick: 3, full: 20 },
  rig: () => ({ env: { AUGUR_LOCK_SECONDS: String(lockSeconds) } }),
  async run(rig, { count }) {
    let mostLines = 0
    for (let round = 0; round < count; round++) {
      const worker = rig.workers[round % rig.workers.length]
      if (!worker) throw new Error('the rig has no worker')
      const submitted = submitMany(rig, 24, () => ({ sleepMs: 400 }))
      await pause(500)
      const pids = [worker.pid, ...descendantsOf(worker.pid)]
      rig.noteFault('SIGSTOP', worker.name, [], rig.heldByWorker)
      for (const pid of pids) process.kill(pid, 'SIGSTOP')
      await pause(3000 * lockSeconds)
      const wokenAt = Date.now()
      for (const pid of pids) process.kill(pid, 'SIGCONT')
      await submitted
      await pause(3000)
      mostLines = Math.max(mostLines, worker.lineTimes.filter((time) => time >= wokenAt).length)
    }
    return [{ name: 'lines that a woken worker logs', value: mostLines, atMost: 40 }]
  },
  criteria: noFailures,
}
