import type { Experiment } from '../experiment.js'
import { inParallel } from '../rig/settle.js'
import { until } from '../rig/until.js'

const separators = ['\r\n', '\n', '\r', '\0', '\t', '\u2028', ' ', '\\', '%0d%0a']
const sentHeaders = new Set([
  'host',
  'connection',
  'content-type',
  'content-length',
  'user-agent',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
])

/** URLs that try to end a line of the request and begin another. */
function attempts(url: string): string[] {
  const { host } = new URL(url)
  return separators.flatMap((between) => [
    `${url}?a=1${between}x-injected: 1`,
    `${url}/${between}x-injected: 1`,
    `http://${host}${between}x-injected/`,
    `http://name${between}:word@${host}/`,
    `${between}${url}`,
  ])
}

/** Those that a URL may hold, encoded: they come as what they are. */
const isEncoded = (url: string) =>
  /^http:\/\/127\.0\.0\.1:\d+\/[a-z?/=1]+%0d%0ax-injected/.test(encodeURI(url))

export const injection: Experiment = {
  id: 'D10',
  title: 'Webhooks and events hold line ends, user names and control characters',
  counts: { short: 10, quick: 40, full: 400 },
  rig: () => ({ workers: 1, env: { AUGUR_WEBHOOK_RETRIES: '1s' } }),
  async run(rig, { count }) {
    const seen = new Set<string>()
    const lines: string[] = []
    rig.receiver.manner = (response, { rawHeaders, url = '' }) => {
      for (const [i, text] of rawHeaders.entries()) if (i % 2 === 0) seen.add(text.toLowerCase())
      if (/[\r\n\0\t ]/.test(url) || rawHeaders.some((text) => text.includes('x-injected'))) lines.push(url)
      response.writeHead(200).end()
    }
    rig.noteFault('injection', 'receiver', [])
    const tenant = rig.tenant(0)
    const urls = attempts(rig.receiver.urlFor(tenant)).filter((url) => !isEncoded(url.replace(/: /, '')))
    const taken: string[] = []
    await inParallel(urls, async (webhookUrl) => {
      const options = { hasWebhook: true, isUntold: true, webhookUrl }
      const { answer } = await rig.client.submitOnce(tenant, rig.client.newInput(tenant, {}), options)
      if (answer.status !== 422 && !webhookUrl.includes('%0d%0a')) taken.push(webhookUrl)
    })
    const events = ['completed\r\nx-injected: 1', 'complet\0ed', 'start\t', '__proto__']
    for (const event of events) {
      const options = { hasWebhook: true, isUntold: true, webhookEvents: [event] }
      const { answer } = await rig.client.submitOnce(tenant, rig.client.newInput(tenant, {}), options)
      if (answer.status !== 422) taken.push(event)
    }
    for (let i = 0; i < count; i++) await rig.client.submit(rig.tenant(i), { input: {}, hasWebhook: true })
    await until(() => rig.receiver.told.size >= count, 30_000)
    return [
      { name: 'tried', value: urls.length + events.length, atLeast: 40 },
      { name: 'taken at create', value: taken.length, atMost: 0 },
      {
        name: 'header lines beside those that are meant',
        value: [...seen].filter((name) => !sentHeaders.has(name)).length,
        atMost: 0,
      },
      { name: 'requests with an injected line', value: lines.length, atMost: 0 },
    ]
  },
}
