import { type Experiment, noFailures } from '../experiment.js'
import { pause } from '../rig/until.js'

const waitSeconds = 8

export const longPolls: Experiment = {
  id: 'A10',
  title: 'Redis restarts while clients wait for ends',
  isAlone: true,
  counts: { short: 50, quick: 400, full: 5000 },
  rig: () => ({ workers: 1, serving: { maxSize: 16 } }),
  async run(rig, { count }) {
    const ids: string[] = []
    for (let i = 0; i < 16; i++) {
      const id = await rig.client.submit(rig.tenant(i), { input: { sleepMs: 4000 } })
      if (id !== null) ids.push(id)
    }
    const waiting = Array.from({ length: count }, async (_, i) => {
      const path = `/api/v1/predictions/${ids[i % ids.length]}?wait=${waitSeconds}`
      return rig.client.ask(rig.tenant(i % ids.length), 'GET', path, { timeoutMs: 30_000 })
    })
    await pause(1500)
    rig.noteFault('kill', 'redis', [rig.redis.pid], rig.heldByWorker)
    await rig.redis.kill()
    await pause(500)
    await rig.redis.start()
    const answers = await Promise.all(waiting)
    const refused = answers.filter(({ status }) => status !== 200)
    return [
      { name: 'not answered with 200', value: refused.length, atMost: 0 },
      {
        name: 'longest wait (ms)',
        value: Math.max(...answers.map(({ durationMs }) => durationMs)),
        atMost: (waitSeconds + 1) * 1000,
      },
    ]
  },
  criteria: noFailures,
}
