import type { DeliveryQueue } from '../queue/delivery-queue.js'
import { defaultTenant } from '../tenant.js'
import type { DeliveryStore } from '../webhooks/delivery-store.js'
import type { Rollout } from './rollout.js'
import type { RolloutStore } from './rollout-store.js'

export interface AnnounceContext {
  rollouts: Pick<RolloutStore, 'untoldStops' | 'told'>
  deliveryStore: Pick<DeliveryStore, 'createOwn'>
  deliveries: Pick<DeliveryQueue, 'add'>
  /** Null where nobody wants to be told. */
  rolloutWebhook: string | null
  now(): number
}

/**
 * Has a webhook tell of every trial that a guardrail stopped. Stops are noted in the step that makes them and stay noted
 * until their delivery is there, whose id is the same whoever creates it: whichever worker dies, each is told once.
 */
export async function announceStops(context: AnnounceContext): Promise<void> {
  const { rollouts, rolloutWebhook: url, deliveryStore, deliveries, now } = context
  for (const [id, rollout] of await rollouts.untoldStops()) {
    if (url !== null) {
      await deliveryStore.createOwn({ id, tenant: defaultTenant, url, body: bodyOf(rollout) }, now())
      await deliveries.add([id])
    }
    await rollouts.told(id)
  }
}

function bodyOf({ model, stable, trial }: Rollout): string {
  return JSON.stringify({
    type: 'rollout.stopped',
    timestamp: new Date(trial?.stopped?.at ?? 0).toISOString(),
    data: {
      model,
      stable,
      candidate: trial?.candidate,
      trial: trial?.id,
      mode: trial?.mode,
      reason: trial?.stopped?.reason,
    },
  })
}
