import { type Criterion, type Experiment, noFailures, type Setting } from '../experiment.js'
import { submitSteadily } from '../load.js'
import type { Answer } from '../rig/client.js'
import type { Rig } from '../rig/rig.js'
import { pause, until } from '../rig/until.js'

/** Away by SIGSTOP, it is silent; by SIGKILL, it refuses. */
type Manner = 'silent' | 'gone'

async function takeAway(rig: Rig, manner: Manner): Promise<void> {
  rig.noteFault(manner === 'silent' ? 'SIGSTOP' : 'kill', 'redis', [], rig.heldByWorker * rig.workers.length)
  if (manner === 'silent') rig.redis.send('SIGSTOP')
  else await rig.redis.kill()
}

async function bringBack(rig: Rig, manner: Manner): Promise<void> {
  if (manner === 'silent') rig.redis.send('SIGCONT')
  else await rig.redis.start()
}

async function goWithout(rig: Rig, manner: Manner, awayMs: number): Promise<Criterion[]> {
  const tenant = rig.tenant(0)
  const id = await rig.client.submit(tenant, { input: {} })
  const load = submitSteadily(rig, 25, { sleepMs: 10 })
  await pause(1000)
  await takeAway(rig, manner)
  // What was on its way when it went may still be answered as it was.
  await pause(1500)
  const linesBefore = rig.processes.map(({ lineTimes }) => lineTimes.length)
  const answers: Answer[] = []
  const alive: number[] = []
  const end = Date.now() + awayMs
  while (Date.now() < end) {
    const asked = [
      rig.client.ask(tenant, 'GET', `/api/v1/predictions/${id}`),
      rig.client.ask(tenant, 'GET', '/api/v1/predictions'),
      rig.client.submitOnce(tenant, rig.client.newInput(tenant, {})).then(({ answer }) => answer),
    ]
    answers.push(...(await Promise.all(asked)))
    alive.push((await rig.client.ask(tenant, 'GET', '/livez')).status)
    await pause(100)
  }
  const lines = rig.processes.map((process, i) => process.lineTimes.length - (linesBefore[i] ?? 0))
  await bringBack(rig, manner)
  const backAt = Date.now()
  const isBack = await until(async () => (await rig.client.submit(tenant, { input: {} })) !== null, 20_000)
  const firstMs = isBack ? Date.now() - backAt : Infinity
  await load.stop()
  const wrong = answers.filter(
    ({ status, headers }) => status !== 503 || headers['retry-after'] === undefined,
  )
  return [
    { name: `${manner}: answers other than 503 with Retry-After`, value: wrong.length, atMost: 0 },
    {
      name: `${manner}: slowest answer (ms)`,
      value: Math.max(...answers.map((each) => each.durationMs)),
      atMost: 1500,
    },
    {
      name: `${manner}: /livez other than 200`,
      value: alive.filter((status) => status !== 200).length,
      atMost: 0,
    },
    { name: `${manner}: first accepted again (ms)`, value: firstMs, atMost: 5000 },
    {
      name: `${manner}: log lines of a process per second`,
      value: Math.max(...lines) / (awayMs / 1000),
      atMost: 10,
    },
  ]
}

export const redisAway: Experiment = {
  id: 'R3',
  title: 'Redis is silent, then gone, under load',
  isAlone: true,
  counts: { short: 2, quick: 8, full: 60 },
  rig: () => ({}),
  async run(rig: Rig, { count }: Setting) {
    return [
      ...(await goWithout(rig, 'silent', count * 1000)),
      ...(await goWithout(rig, 'gone', count * 1000)),
    ]
  },
  criteria: noFailures,
}
