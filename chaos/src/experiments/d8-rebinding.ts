import type { Experiment } from '../experiment.js'
import { Dials } from '../rig/dials.js'
import { listDeliveries } from '../rig/list-deliveries.js'
import { inParallel } from '../rig/settle.js'
import { until } from '../rig/until.js'

/** What the name of a receiver means, one after the other: public, private, both, private in a disguise. */
const flips = [
  ['8.8.8.8'],
  ['127.0.0.1'],
  ['8.8.4.4', '10.0.0.1'],
  ['::ffff:127.0.0.1'],
  ['1.1.1.1'],
  ['169.254.169.254'],
  ['::1'],
]
const publicAddresses = new Set(['8.8.8.8', '1.1.1.1'])
const names = 20

export const rebinding: Experiment = {
  id: 'D8',
  title: 'Names of receivers flip between public and private addresses',
  counts: { short: 40, quick: 300, full: 10_000 },
  rig: () => ({
    workers: 1,
    serving: { maxSize: 16 },
    // No receiver is to be paused: each attempt is a chance to get through.
    env: {
      AUGUR_MODE: 'production',
      AUGUR_OUTBOUND_ALLOW: '',
      AUGUR_WEBHOOK_PAUSE_SECONDS: '0',
      AUGUR_WEBHOOK_RETRIES: '100ms',
    },
  }),
  async run(rig, { count }) {
    const dials = new Dials(rig)
    await dials.name({ '*': flips })
    const [deliverer] = rig.deliverers
    if (!deliverer) throw new Error('the rig is too small')
    await deliverer.kill('SIGTERM')
    deliverer.start(dials.env([Number(new URL(rig.redis.url).port)]))
    rig.noteFault('rebinding', 'receiver', [])
    await inParallel(
      Array.from({ length: count }, (_, i) => i),
      async (i) => {
        const tenant = rig.tenant(i)
        const webhookUrl = `https://flip-${i % names}.example.com/hook`
        const options = { hasWebhook: true, isUntold: true, webhookUrl }
        await rig.client.submitOnce(tenant, rig.client.newInput(tenant, {}), options)
      },
    )
    const areOver = async () => {
      const all = await listDeliveries(rig)
      return all.length >= count && all.every(({ state }) => state !== 'pending')
    }
    const ended = await until(areOver, Math.max(120_000, 60 * count), Math.max(1000, count))
    const attempts = (await listDeliveries(rig)).reduce((sum, each) => sum + each.attempts.length, 0)
    const [dialled, lookups] = [await dials.dialled(), await dials.lookups()]
    const wrong = dialled.filter(({ address }) => !publicAddresses.has(address))
    const checked = lookups.filter(({ found }) => found.every((address) => publicAddresses.has(address)))
    return [
      { name: 'all ended (1: yes)', value: ended ? 1 : 0, atLeast: 1 },
      { name: 'attempts', value: attempts, atLeast: 2 * count, atMost: 2 * count },
      { name: 'lookups, one an attempt', value: lookups.length, atLeast: attempts, atMost: attempts },
      {
        name: 'dials, one for each answer that was public as a whole',
        value: dialled.length,
        atLeast: checked.length,
        atMost: checked.length,
      },
      { name: 'denied addresses dialled', value: wrong.length, atMost: 0 },
    ]
  },
}
