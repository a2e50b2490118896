import { type Experiment, noFailures } from '../experiment.js'
import { submitSteadily } from '../load.js'
import type { Rig } from '../rig/rig.js'
import type { Tenant } from '../rig/tenant.js'
import { pause } from '../rig/until.js'

const path = '/api/v1/webhooks/secrets'

/** Lets all but the two newest sign no more, as there may only be so many. Gives how many those were. */
async function expireOld({ client }: Rig, tenant: Tenant): Promise<number> {
  const { status, text } = await client.ask(tenant, 'GET', path)
  if (status !== 200) return 0
  const { results }: { results: { id: string }[] } = JSON.parse(text)
  const answers = await Promise.all(
    results.slice(2).map(({ id }) => client.ask(tenant, 'DELETE', `${path}/${id}`)),
  )
  return answers.filter((answer) => answer.status === 204).length
}

export const rotateSecrets: Experiment = {
  id: 'D6',
  title: 'Signing secrets are rotated under load, and receivers change over later',
  counts: { short: 1, quick: 2, full: 10 },
  rig: () => ({ workers: 1, deliverers: 2 }),
  async run(rig, { count }) {
    const load = submitSteadily(rig, 20, { sleepMs: 10 })
    let rotated = 0
    let expired = 0
    const rotate = async (tenant: Tenant): Promise<Tenant> => {
      const answer = await rig.client.ask(tenant, 'POST', `${path}/rotate`)
      if (answer.status !== 201) return tenant
      rotated++
      const { key: webhookSecret }: { key: string } = JSON.parse(answer.text)
      return { ...tenant, webhookSecret }
    }
    for (let round = 0; round < count; round++) {
      await pause(1500)
      rig.noteFault('rotation', 'secrets', [])
      const changed = await Promise.all(rig.tenants.map(rotate))
      // Until here receivers know the old one, from here on the new one.
      await pause(2500)
      rig.tenants = changed
      for (const tenant of changed) expired += await expireOld(rig, tenant)
    }
    await pause(1500)
    await load.stop()
    return [
      { name: 'rotations', value: rotated, atLeast: count * rig.tenants.length },
      { name: 'secrets expired', value: expired, atLeast: (count - 1) * rig.tenants.length },
    ]
  },
  criteria: noFailures,
}
