import { type Experiment, noFailures } from '../experiment.js'
import { repeatedly, submitMany } from '../load.js'
import { quantile } from '../quantile.js'
import { pause } from '../rig/until.js'
import { webhookDelays } from '../webhook-delays.js'

/** Most that a process has on their way to one receiver. */
const perReceiver = 8

export const killDeliverers: Experiment = {
  id: 'D4',
  title: 'The process that delivers webhooks is killed every 2 s, and Redis once',
  counts: { short: 60, quick: 900, full: 5000 },
  rig: () => ({
    workers: 1,
    deliverers: 2,
    serving: { maxSize: 16 },
    env: { AUGUR_WEBHOOK_PER_RECEIVER: String(perReceiver) },
  }),
  async run(rig, { count, random }) {
    rig.receiver.manner = async (response) => {
      await pause(50)
      response.writeHead(204).end()
    }
    for (const deliverer of rig.deliverers) rig.keepAlive(deliverer)
    let rounds = 0
    let toldBefore = 0
    const killing = repeatedly(2000, async () => {
      // A busy machine starts them more slowly than they would be killed, and nobody would be told at all.
      if (rig.receiver.count === toldBefore) return
      toldBefore = rig.receiver.count
      const deliverer = random.pick(rig.deliverers.filter(({ isRunning }) => isRunning))
      if (deliverer) await rig.killProcess(deliverer)
      if (++rounds !== 2) return
      rig.noteFault('kill', 'redis', [rig.redis.pid], rig.heldByWorker)
      await rig.redis.kill()
      await pause(500)
      await rig.redis.start()
    })
    await submitMany(rig, count, () => ({ sleepMs: 100 }), { producers: 4, webhookEvery: 1 })
    await killing.stop()
  },
  criteria: (history) => [
    ...noFailures(history),
    { name: 'kills', value: history.of('fault').length, atLeast: 2 },
    {
      name: 'webhooks beyond one for each end',
      value: history.of('webhook').length - history.webhooks.size,
      atMost: perReceiver * history.of('fault').length,
    },
    { name: 'webhook after the end, worst (ms)', value: quantile(webhookDelays(history), 1), atMost: 45_000 },
  ],
}
