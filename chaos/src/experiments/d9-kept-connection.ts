import type { Experiment } from '../experiment.js'
import { Dials } from '../rig/dials.js'
import { listDeliveries } from '../rig/list-deliveries.js'
import type { Rig } from '../rig/rig.js'
import { inParallel } from '../rig/settle.js'
import { until } from '../rig/until.js'

/** Development mode lets this name be at this machine, and nowhere else that is private. */
const host = 'localhost'

async function tell(rig: Rig, count: number, isUntold = false): Promise<void> {
  const { port } = new URL(rig.receiver.urlFor(rig.tenant(0)))
  await inParallel(
    Array.from({ length: count }, (_, i) => i),
    async (i) => {
      const tenant = rig.tenant(i)
      const webhookUrl = `http://${host}:${port}/${tenant.name}`
      await rig.client.submit(tenant, { input: {}, hasWebhook: true, isUntold, webhookUrl })
    },
  )
}

async function blocked(rig: Rig): Promise<number> {
  const isBlocked = ({ reason }: { reason: string | null }) => reason === 'blocked_address'
  return (await listDeliveries(rig)).filter(
    (each) => each.state === 'exhausted' && each.attempts.every(isBlocked),
  ).length
}

export const keptConnection: Experiment = {
  id: 'D9',
  title: 'The name of a receiver flips to a private address while connections to it are kept',
  counts: { short: 10, quick: 60, full: 500 },
  rig: () => ({
    workers: 1,
    serving: { maxSize: 16 },
    env: { AUGUR_OUTBOUND_ALLOW: '', AUGUR_WEBHOOK_RETRIES: '1s', AUGUR_WEBHOOK_PAUSE_SECONDS: '0' },
  }),
  async run(rig, { count }) {
    const dials = new Dials(rig)
    const [deliverer] = rig.deliverers
    if (!deliverer) throw new Error('the rig is too small')
    await dials.name({ [host]: [['127.0.0.1']] })
    await deliverer.kill('SIGTERM')
    const ports = [rig.redis.url, rig.receiver.urlFor(rig.tenant(0))].map((url) => Number(new URL(url).port))
    deliverer.start(dials.env(ports))
    await tell(rig, count)
    await until(() => rig.receiver.told.size >= count, 30_000)
    const before = rig.receiver.told.size
    const lookups = (await dials.lookups()).length
    rig.noteFault('flip', 'receiver', [])
    await dials.name({ [host]: [['10.0.0.1'], ['169.254.169.254'], ['127.0.0.1', '10.0.0.1']] })
    // Over connections that are there they may still be told.
    await tell(rig, 4, true)
    rig.receiver.hangUp()
    await tell(rig, count, true)
    await until(async () => (await blocked(rig)) >= count, 60_000, 500)
    return [
      { name: 'told before', value: before, atLeast: count },
      { name: 'lookups for them: connections are kept', value: lookups, atLeast: 1, atMost: count - 1 },
      { name: 'refused after the flip', value: await blocked(rig), atLeast: count },
      { name: 'private addresses dialled', value: (await dials.dialled()).length, atMost: 0 },
    ]
  },
}
