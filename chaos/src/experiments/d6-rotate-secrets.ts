import { type Experiment, noFailures } from '../experiment.js'
import { submitSteadily } from '../load.js'
import type { Tenant } from '../rig/tenant.js'
import { pause } from '../rig/until.js'

export const rotateSecrets: Experiment = {
  id: 'D6',
  title: 'Signing secrets are rotated under load, and receivers change over later',
  counts: { short: 1, quick: 2, full: 10 },
  rig: () => ({ workers: 1, deliverers: 2 }),
  async run(rig, { count }) {
    const load = submitSteadily(rig, 20, { sleepMs: 10 })
    let rotated = 0
    const rotate = async (tenant: Tenant): Promise<Tenant> => {
      const answer = await rig.client.ask(tenant, 'POST', '/api/v1/webhooks/secrets/rotate')
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
    }
    await pause(1500)
    await load.stop()
    return [{ name: 'rotations', value: rotated, atLeast: count * rig.tenants.length }]
  },
  criteria: noFailures,
}
