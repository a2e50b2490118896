import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Experiment } from '../experiment.js'
import { inParallel } from '../rig/settle.js'
import { until } from '../rig/until.js'

const retries = 2
/** What receivers answer, and how often they are to be asked then. */
const answers: Record<string, number> = {
  '200': 1,
  '201': 1,
  '204': 1,
  '301': retries + 1,
  '302': retries + 1,
  '307': retries + 1,
  '308': retries + 1,
  '400': retries + 1,
  '401': retries + 1,
  '404': retries + 1,
  '410': 1,
  '429': retries + 1,
  '500': retries + 1,
  '502': retries + 1,
  '503': retries + 1,
  '504': retries + 1,
  reset: retries + 1,
  cut: retries + 1,
  garbage: retries + 1,
}

export const receiverAnswers: Experiment = {
  id: 'D1',
  title: 'Receivers answer with every status, cut connections and talk nonsense',
  counts: { short: 1, quick: 2, full: 20 },
  rig: () => ({
    workers: 1,
    env: {
      AUGUR_WEBHOOK_RETRIES: Array.from({ length: retries }, () => '1s').join(','),
      AUGUR_WEBHOOK_PAUSE_SECONDS: '0',
    },
  }),
  async run(rig, { count }) {
    const asked = new Map<string, number>()
    let redirected = 0
    const canary = createServer((_, response) => {
      redirected++
      response.end()
    }).listen(0, '127.0.0.1')
    await once(canary, 'listening')
    const address = canary.address()
    const location = typeof address === 'object' ? `http://127.0.0.1:${address?.port}/` : ''
    rig.receiver.manner = (response, request) => {
      const url = new URL(request.url ?? '', 'http://receiver')
      const answer = url.searchParams.get('answer') ?? '200'
      asked.set(url.search, (asked.get(url.search) ?? 0) + 1)
      if (answer === 'reset') request.socket.resetAndDestroy()
      else if (answer === 'garbage') request.socket.end('no such protocol\r\n\r\n')
      else if (answer === 'cut')
        response.writeHead(200, { 'content-length': '100' }).write('half', () => request.socket.destroy())
      else response.writeHead(Number(answer), answer.startsWith('3') ? { location } : {}).end()
    }
    const cases = Object.keys(answers).flatMap((answer) =>
      Array.from({ length: count }, (_, i) => ({ answer, i })),
    )
    for (const { answer } of cases) rig.noteFault(`answer ${answer}`, 'receiver', [])
    await inParallel(cases, async ({ answer, i }) => {
      const webhookQuery = `?answer=${answer}&n=${i}`
      await rig.client.submit(rig.tenant(i), { input: {}, hasWebhook: true, webhookQuery })
    })
    const wrong = () =>
      cases.filter(({ answer, i }) => asked.get(`?answer=${answer}&n=${i}`) !== answers[answer])
    await until(() => wrong().length === 0, 60_000, 200)
    canary.closeAllConnections()
    canary.close()
    return [
      { name: 'receivers that were asked too often or too seldom', value: wrong().length, atMost: 0 },
      { name: 'redirects that were followed', value: redirected, atMost: 0 },
    ]
  },
}
