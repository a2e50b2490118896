import { Redis } from 'ioredis'
import { type Experiment, noFailures } from '../experiment.js'
import { quantile } from '../quantile.js'
import { submitSteadily } from '../load.js'
import { pause, until } from '../rig/until.js'

const maxMb = 24
const padding = 'x'.repeat(20_000)

async function memoryShare(redis: Redis): Promise<number> {
  const used = /used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]
  return Number(used) / (maxMb * 1024 * 1024)
}

export const fillMemory: Experiment = {
  id: 'R5',
  title: 'Clients fill the memory of Redis',
  counts: { short: 3000, quick: 3000, full: 3000 },
  rig: () => ({ redis: { maxmemory: `${maxMb}mb` } }),
  async run(rig, { count }) {
    const redis = new Redis(rig.redis.url)
    let refusal: { status: number; code: string; hasRetryAfter: boolean } | null = null
    let most = 0
    for (let i = 0; i < count && refusal === null; i++) {
      const tenant = rig.tenant(i)
      const input = rig.client.newInput(tenant, { padding })
      const { answer } = await rig.client.submitOnce(tenant, input, { hasWebhook: i % 8 === 0 })
      most = Math.max(most, i % 10 === 0 ? await memoryShare(redis) : 0)
      if (answer.status === 201 || answer.status === 0) continue
      const { code }: { code: string } = JSON.parse(answer.text)
      // A busy machine may make Redis seem away for a moment.
      if (code !== 'unavailable')
        refusal = { status: answer.status, code, hasRetryAfter: answer.headers['retry-after'] !== undefined }
    }
    rig.noteFault('full', 'redis', [])
    await pause(1000)
    most = Math.max(most, await memoryShare(redis))
    redis.disconnect()
    const isRight = refusal?.status === 503 && refusal.code === 'overloaded' && refusal.hasRetryAfter
    return [
      { name: 'refused as overloaded, with Retry-After (1: yes)', value: isRight ? 1 : 0, atLeast: 1 },
      { name: 'most memory used (share)', value: Math.round(most * 1000) / 1000, atMost: 0.85 },
    ]
  },
  criteria: noFailures,
}

export const foreignMemory: Experiment = {
  id: 'R6',
  title: 'Somebody else fills the memory of Redis, and frees it',
  counts: { short: 3, quick: 8, full: 60 },
  rig: () => ({ redis: { maxmemory: `${maxMb}mb` } }),
  async run(rig, { count }) {
    const redis = new Redis(rig.redis.url)
    const load = submitSteadily(rig, 20, { sleepMs: 10 })
    await pause(1500)
    rig.noteFault('full', 'redis', [], rig.heldByWorker * rig.workers.length)
    const linesBefore = rig.processes.map(({ lineTimes }) => lineTimes.length)
    const isFull = async (i: number) =>
      redis.set(`foreign:${i}`, padding.repeat(4)).then(
        () => false,
        () => true,
      )
    let blocks = 0
    while (!(await isFull(blocks))) blocks++
    await pause(count * 1000)
    const lines = rig.processes.map((process, i) => process.lineTimes.length - (linesBefore[i] ?? 0))
    for (let i = 0; i < blocks; i++) await redis.del(`foreign:${i}`)
    redis.disconnect()
    const freedAt = Date.now()
    const runsBefore = rig.ledger.events.length
    const isBack = await until(
      () =>
        rig.ledger.events
          .slice(runsBefore)
          .some((event) => event.kind === 'response' && event.status === 201),
      20_000,
    )
    const recoveredMs = isBack ? Date.now() - freedAt : Infinity
    await load.stop()
    return [
      { name: 'accepted again after (ms)', value: recoveredMs, atMost: 10_000 },
      { name: 'log lines of a process per second', value: quantile(lines, 1) / count, atMost: 10 },
    ]
  },
  criteria: noFailures,
}
