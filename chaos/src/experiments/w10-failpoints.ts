import { type Experiment, noFailures, type Setting } from '../experiment.js'
import { submitSteadily } from '../load.js'
import { quantile } from '../quantile.js'
import type { ManagedProcess } from '../rig/managed-process.js'
import type { Rig } from '../rig/rig.js'
import { pause } from '../rig/until.js'
import { webhookDelays } from '../webhook-delays.js'

const places = {
  api: [
    'api.after-key-claim',
    'api.before-store',
    'api.after-store',
    'api.after-enqueue',
    'api.before-key-store',
    'api.after-key-store',
  ],
  worker: [
    'worker.after-fetch',
    'worker.after-claim',
    'worker.after-run',
    'worker.after-commit',
    'worker.before-announce',
    'worker.after-announce',
  ],
  deliverer: ['deliverer.before-post', 'deliverer.after-post', 'deliverer.after-mark'],
} as const

/** Has a process die at each place so many times, each time after it passed there a few times. */
async function dieAt(
  rig: Rig,
  process: ManagedProcess,
  names: readonly string[],
  { count, random }: Setting,
): Promise<void> {
  for (const place of names) {
    const envOf = () => ({ AUGUR_FAILPOINTS: `${place}:kill#${random.integer(1, 4)}` })
    await process.kill('SIGKILL')
    for (let deaths = 0; deaths < count; deaths++) {
      await pause(300)
      process.start(envOf())
      await process.ended()
      rig.noteFault(place, process.name, [process.pid], process.role === 'worker' ? rig.heldByWorker : 0)
    }
    process.start()
  }
}

export const failpoints: Experiment = {
  id: 'W10',
  title: 'Processes die between any two steps',
  // Each death costs the start of a process, some two seconds of a processor, and there are fifteen places.
  counts: { short: 1, quick: 5, full: 20 },
  rig: () => ({ workers: 2, deliverers: 2, env: { AUGUR_RECONCILE_GRACE_SECONDS: '10' } }),
  async run(rig, setting) {
    const load = submitSteadily(rig, 20, { sleepMs: 20 })
    const [api, worker, deliverer] = [rig.apis[0], rig.workers[0], rig.deliverers[0]]
    if (!api || !worker || !deliverer) throw new Error('the rig is too small')
    await Promise.all([
      dieAt(rig, api, places.api, setting),
      dieAt(rig, worker, places.worker, setting),
      dieAt(rig, deliverer, places.deliverer, setting),
    ])
    await load.stop()
  },
  criteria: (history, { count }) => [
    ...noFailures(history),
    {
      name: 'deaths',
      value: history.of('fault').length,
      atLeast: count * Object.values(places).flat().length,
    },
    { name: 'webhook after the end, worst (ms)', value: quantile(webhookDelays(history), 1), atMost: 30_000 },
  ],
}
