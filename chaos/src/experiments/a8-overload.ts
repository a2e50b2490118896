import { type Experiment, noFailures } from '../experiment.js'
import { quantile } from '../quantile.js'
import type { Answer } from '../rig/client.js'
import type { Rig } from '../rig/rig.js'
import { pause } from '../rig/until.js'

const most = 100
const perSecond = 300

const bound = (calmP99: number) => Math.max(50, 2 * calmP99)

/** Of submissions one after the other; those that are refused do not count. */
async function honestP99(rig: Rig): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 40; i++) {
    const tenant = rig.tenant(i)
    const { answer } = await rig.client.submitOnce(tenant, rig.client.newInput(tenant, {}))
    times.push(answer.status === 201 ? answer.durationMs : Infinity)
    await pause(25)
  }
  return quantile(times, 0.99)
}

export const overload: Experiment = {
  id: 'A8',
  title: 'Clients send ten times what the server can do',
  isAlone: true,
  counts: { short: 2, quick: 8, full: 60 },
  rig: () => ({
    workers: 1,
    serving: { maxSize: 2 },
    apiEnv: { AUGUR_MAX_OPEN_PREDICTIONS: String(most) },
  }),
  async run(rig, { count, profile }) {
    const calmP99 = await honestP99(rig)
    rig.noteFault('overload', 'api', [])
    const sent: Promise<Answer>[] = []
    const end = Date.now() + count * 1000
    for (let i = 0; Date.now() < end; i++) {
      const tenant = rig.tenant(i)
      const input = rig.client.newInput(tenant, { sleepMs: 60 })
      sent.push(rig.client.submitOnce(tenant, input).then(({ answer }) => answer))
      await pause(1000 / perSecond)
    }
    const answers = await Promise.all(sent)
    // What was taken drains first.
    const endedAt = performance.now()
    let afterP99 = await honestP99(rig)
    while (afterP99 > bound(calmP99) && performance.now() - endedAt < 10_000) afterP99 = await honestP99(rig)
    const refused = answers.filter(({ status }) => status !== 201)
    const wrong = refused.filter(
      ({ status, headers }) => ![429, 503].includes(status) || headers['retry-after'] === undefined,
    )
    return [
      { name: 'submit p99 before (ms)', value: calmP99 },
      { name: 'submit p99 within 10 s of it (ms)', value: afterP99, atMost: bound(calmP99) },
      { name: 'accepted', value: answers.length - refused.length, atLeast: most },
      { name: 'refused', value: refused.length, atLeast: 1 },
      { name: 'refused in another way than 429 or 503 with Retry-After', value: wrong.length, atMost: 0 },
      {
        name: 'refusal p50 (ms)',
        value: quantile(
          refused.map((each) => each.durationMs),
          0.5,
        ),
        // Whole figures are for a machine that does nothing else.
        ...(profile === 'full' && { atMost: 10 }),
      },
    ]
  },
  criteria: noFailures,
}
