import { groupBy } from '../group-by.js'
import { randomToken } from '../ids.js'
import type { DeliveryQueue } from '../queue/delivery-queue.js'
import type { Delivery } from './delivery.js'

/** A worker that dies makes all of a job's deliveries late, and the others of its queue wait for what it carries. */
const mostTogether = 32

/**
 * Has deliveries to one receiver that begin at the same moment share a queue job, which is most of what one costs. To be
 * called before they are written. One that waits for another keeps a job of its own.
 */
export function shareDeliveryJobs(deliveries: readonly Delivery[]): void {
  const free = deliveries.filter(({ after }) => after === null)
  for (const group of groupBy(free, ({ tenant, url }) => `${tenant} ${url}`).values()) {
    for (let at = 0; at < group.length; at += mostTogether) {
      const together = group.slice(at, at + mostTogether)
      if (together.length === 1) continue
      const name = randomToken()
      for (const delivery of together) delivery.sharedJob = name
    }
  }
}

/** Announces deliveries in the jobs that they share. */
export async function announceDeliveries(
  queue: Pick<DeliveryQueue, 'add'>,
  deliveries: readonly Delivery[],
): Promise<void> {
  const byJob = groupBy(deliveries, ({ sharedJob }) => sharedJob)
  await Promise.all(
    [...byJob].map(([sharedJob, group]) =>
      queue.add(
        group.map(({ id }) => id),
        sharedJob,
      ),
    ),
  )
}
