import { type Experiment, noFailures } from '../experiment.js'
import { submitMany } from '../load.js'
import { quantile } from '../quantile.js'
import { until } from '../rig/until.js'

const hour = 3_600_000
const preload = new URL('../rig/shift-clock.js', import.meta.url).href
const shifted = (ms: number) => ({ NODE_OPTIONS: `--import ${preload}`, CHAOS_CLOCK_MS: String(ms) })

export const wrongClocks: Experiment = {
  id: 'W11',
  title: 'The clocks of some processes are off by an hour',
  counts: { short: 20, quick: 80, full: 1000 },
  rig: () => ({ workers: 2, deliverers: 2 }),
  async run(rig, { count }) {
    const [, api] = rig.apis
    const [, worker] = rig.workers
    const [, deliverer] = rig.deliverers
    if (!api || !worker || !deliverer) throw new Error('the rig is too small')
    for (const [process, ms] of [
      [api, hour],
      [worker, hour],
      [deliverer, -hour],
    ] as const) {
      rig.noteFault('clock', process.name, [process.pid], process.role === 'worker' ? rig.heldByWorker : 0)
      await process.kill('SIGKILL')
      process.start(shifted(ms))
      process.mayEnd()
    }
    const refused = await until(() => !worker.isRunning && !deliverer.isRunning, 20_000)
    const isReady = await rig.isReady(rig.origins[1] ?? '')
    await api.kill('SIGTERM')
    await submitMany(rig, count, () => ({ sleepMs: 20 }), { webhookEvery: 1 })
    return [
      { name: 'workers with a wrong clock refuse (1: yes)', value: refused ? 1 : 0, atLeast: 1 },
      { name: 'an API with a wrong clock calls itself ready', value: isReady ? 1 : 0, atMost: 0 },
    ]
  },
  criteria: (history) => [
    ...noFailures(history),
    {
      name: 'timestamps of webhooks are off by (s)',
      value: quantile(
        history.of('webhook').map(({ skewSeconds }) => Math.abs(skewSeconds)),
        1,
      ),
      atMost: 5,
    },
  ],
}
