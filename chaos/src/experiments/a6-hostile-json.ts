import { request } from 'undici'
import type { Experiment } from '../experiment.js'
import { quantile } from '../quantile.js'
import { cpuMsOf } from '../rig/processes.js'
import type { Rig } from '../rig/rig.js'
import { pause } from '../rig/until.js'

const limitBytes = 10 * 1024 * 1024
const bodies = {
  'a million levels': '['.repeat(1_000_000),
  'as many levels as fit': '['.repeat(limitBytes - 64),
  'as many objects as fit': '{"a":'.repeat(2_000_000),
  'as many numbers as fit': `[${'1,'.repeat(5_000_000)}1]`,
  'one text as long as fits': `"${'x'.repeat(limitBytes - 64)}"`,
}

/** Sends text as a body. Gives the status, and how long the answer took. */
async function send(rig: Rig, body: string): Promise<{ status: number; ms: number }> {
  const startedAt = performance.now()
  const headers = { authorization: `Bearer ${rig.tenant(0).key}`, 'content-type': 'application/json' }
  const answer = await request(`${rig.origins[0]}/api/v1/predictions`, { method: 'POST', headers, body })
  await answer.body.dump()
  return { status: answer.statusCode, ms: performance.now() - startedAt }
}

export const hostileJson: Experiment = {
  id: 'A6',
  title: 'Bodies nest a million levels deep, or hold millions of values',
  isAlone: true,
  counts: { short: 1, quick: 3, full: 20 },
  rig: () => ({ apis: 1, workers: 1, apiEnv: { AUGUR_MAX_BODY_BYTES: String(limitBytes) } }),
  async run(rig, { count, profile }) {
    const [origin = ''] = rig.origins
    const lags: number[] = []
    const enough = new AbortController()
    const watching = (async () => {
      while (!enough.signal.aborted) {
        lags.push((await rig.client.ask({ key: '' }, 'GET', '/livez', { origin })).durationMs)
        await pause(5)
      }
    })()
    await pause(1000)
    const calm = quantile(lags.splice(0), 0.99)
    rig.noteFault('hostile bodies', 'api-1', [])
    const pid = rig.apis[0]?.pid ?? 0
    const cpuBefore = cpuMsOf(pid)
    const answers: { status: number; ms: number }[] = []
    for (let i = 0; i < count; i++)
      for (const body of Object.values(bodies)) answers.push(await send(rig, body))
    const cpuMs = (cpuMsOf(pid) - cpuBefore) / answers.length
    enough.abort()
    await watching
    return [
      {
        name: 'answers other than 400, 413 and 422',
        value: answers.filter(({ status }) => ![400, 413, 422].includes(status)).length,
        atMost: 0,
      },
      { name: 'slowest answer (ms)', value: Math.max(...answers.map(({ ms }) => ms)) },
      { name: '/livez in calm p99 (ms)', value: calm },
      { name: 'processor time of a body (ms)', value: cpuMs, atMost: 200 },
      {
        name: '/livez beside them p95 (ms)',
        value: quantile(lags, 0.95),
        // Whole figures are for a machine that does nothing else.
        ...(profile === 'full' && { atMost: 50 + calm }),
      },
    ]
  },
}
