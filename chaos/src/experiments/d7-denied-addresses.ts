import {
  loopbackHosts,
  privateHosts,
  privateNames,
  publicHosts,
  thisHosts,
} from '@augur/test-support/outbound-corpus'
import type { Experiment } from '../experiment.js'
import { Dials } from '../rig/dials.js'
import { listDeliveries } from '../rig/list-deliveries.js'
import type { Rig } from '../rig/rig.js'
import { inParallel } from '../rig/settle.js'
import { pause, until } from '../rig/until.js'

const denied = [...loopbackHosts, ...thisHosts, ...privateHosts, ...privateNames]
const urls = (hosts: readonly string[]) =>
  ['http', 'https'].flatMap((scheme) => hosts.map((host) => `${scheme}://${host}/hook`))
/** Lets everything in, as if somebody had found a way around the check at create. */
const lenient = { AUGUR_MODE: 'development', AUGUR_OUTBOUND_ALLOW: '0.0.0.0/0,::/0' }

/** Creates a prediction for each of these webhooks at one API. Gives how each was answered. */
async function submitAll(
  rig: Rig,
  origin: string,
  webhooks: readonly string[],
): Promise<Map<string, number>> {
  const statuses = new Map<string, number>()
  await inParallel(webhooks, async (webhookUrl) => {
    const tenant = rig.tenant(statuses.size)
    const input = rig.client.newInput(tenant, {})
    const options = { origin, hasWebhook: true, isUntold: true, webhookUrl }
    statuses.set(webhookUrl, (await rig.client.submitOnce(tenant, input, options)).answer.status)
  })
  return statuses
}

async function redirectEverywhere(rig: Rig, count: number): Promise<void> {
  const targets = urls(denied)
  let next = 0
  rig.receiver.manner = (response) => {
    const target = targets[next++ % targets.length] ?? ''
    const location = /^[\x20-\x7e]+$/.test(target) ? target : encodeURI(target)
    response.writeHead(307, { location }).end()
  }
  await inParallel(targets.slice(0, count), async () => {
    const tenant = rig.tenant(next)
    const options = { origin: rig.origins[1] ?? '', hasWebhook: true, isUntold: true }
    await rig.client.submitOnce(tenant, rig.client.newInput(tenant, {}), options)
  })
  await until(() => next >= count, 30_000)
}

export const deniedAddresses: Experiment = {
  id: 'D7',
  title: 'Webhooks name addresses that no receiver has, at create, when sent, and by redirect',
  counts: { short: 40, quick: 160, full: 160 },
  rig: () => ({
    workers: 1,
    serving: { maxSize: 16 },
    env: { AUGUR_MODE: 'production', AUGUR_OUTBOUND_ALLOW: '', AUGUR_WEBHOOK_RETRIES: '1s' },
  }),
  async run(rig, { count }) {
    const dials = new Dials(rig)
    await dials.name({ '*': [['127.0.0.1'], ['8.8.8.8', '10.0.0.1']] })
    const [api, deliverer] = [rig.apis[1], rig.deliverers[0]]
    if (!api || !deliverer) throw new Error('the rig is too small')
    const refused = await submitAll(rig, rig.origins[0] ?? '', urls(denied))
    const allowed = await submitAll(
      rig,
      rig.origins[0] ?? '',
      urls(publicHosts).filter((url) => url.startsWith('https')),
    )
    const redisPort = Number(new URL(rig.redis.url).port)
    rig.noteFault('a way around the check at create', api.name, [])
    for (const [process, env] of [
      [api, lenient],
      [deliverer, dials.env([redisPort])],
    ] as const) {
      await process.kill('SIGTERM')
      process.start(env)
    }
    await rig.becomeReady()
    const taken = await submitAll(rig, rig.origins[1] ?? '', urls(denied))
    const created = [...taken.values()].filter((status) => status === 201).length
    const areOver = async () => (await listDeliveries(rig)).every(({ state }) => state !== 'pending')
    await pause(1000)
    const ended = await until(areOver, 90_000, 1000)
    const sent = await listDeliveries(rig)
    const dialled = await dials.dialled()
    const isPublic = (address: string) => ['8.8.8.8', '2606:4700:4700::1111', '64:ff9c::1'].includes(address)
    const publicAddresses = new Set(['100.63.255.255', '100.128.0.1', '172.15.255.255', '172.32.0.0'])
    const wrong = dialled.filter(({ address }) => !isPublic(address) && !publicAddresses.has(address))
    await deliverer.kill('SIGTERM')
    const receiverPort = Number(new URL(rig.receiver.urlFor(rig.tenant(0))).port)
    deliverer.start({
      ...dials.env([redisPort, receiverPort, ...rig.origins.map((origin) => Number(new URL(origin).port))]),
      AUGUR_MODE: 'development',
    })
    const before = (await dials.dialled()).length
    await redirectEverywhere(rig, count)
    await pause(1000)
    return [
      { name: 'vectors', value: refused.size, atLeast: 150 },
      {
        name: 'taken at create',
        value: [...refused.values()].filter((status) => status !== 422).length,
        atMost: 0,
      },
      {
        name: 'public ones refused at create',
        value: [...allowed.values()].filter((status) => status !== 201).length,
        atMost: 0,
      },
      { name: 'sent past the check at create', value: created, atLeast: 80 },
      { name: 'their deliveries ended (1: yes)', value: ended && sent.length >= created ? 1 : 0, atLeast: 1 },
      {
        name: 'public addresses dialled, which shows that it is seen',
        value: dialled.length - wrong.length,
        atLeast: 1,
      },
      { name: 'denied addresses dialled', value: wrong.length, atMost: 0 },
      { name: 'dialled because of a redirect', value: (await dials.dialled()).length - before, atMost: 0 },
    ]
  },
}
