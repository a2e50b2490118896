import { eventId, modelTag } from '../ids.js'
import type { DeliveryQueue } from '../queue/delivery-queue.js'
import { defaultTenant } from '../tenant.js'
import type { DeliveryStore } from '../webhooks/delivery-store.js'
import { guardrailActor } from './check-guardrails.js'
import type { Rollout } from './rollout.js'

export interface AnnounceContext {
  deliveryStore: Pick<DeliveryStore, 'createOwn' | 'state'>
  deliveries: Pick<DeliveryQueue, 'add'>
  /** Null where nobody wants to be told. */
  rolloutWebhook: string | null
  now(): number
}

/** Whoever stopped it and died may have told nobody: so long after it others do, and never twice. */
const announcedForMs = 60_000

/** Has a webhook tell that a guardrail stopped a trial, once, as long as that is new. */
export async function announceStop(context: AnnounceContext, rollout: Rollout): Promise<void> {
  const { rolloutWebhook: url, deliveryStore, deliveries, now } = context
  const stopped = rollout.trial?.stopped
  if (url === null || stopped?.actor !== guardrailActor || now() - stopped.at > announcedForMs) return
  const id = `${eventId(modelTag(rollout.model), stopped.at, `${rollout.trial?.id} stopped`)}.rollout-stopped`
  if ((await deliveryStore.state(id)) !== null) return
  await deliveryStore.createOwn({ id, tenant: defaultTenant, url, body: bodyOf(rollout) }, now())
  await deliveries.add([id])
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
