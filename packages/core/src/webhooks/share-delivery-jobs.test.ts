import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Delivery } from './delivery.js'
import { announceDeliveries, shareDeliveryJobs } from './share-delivery-jobs.js'

const anyDelivery = fc.record({
  tenant: fc.constantFrom('a', 'b'),
  url: fc.constantFrom('https://one.example/', 'https://two.example/'),
  after: fc.constantFrom(null, null, null, 'before'),
})

test('each delivery is announced once, in a job of one tenant and receiver, and alone where it waits for another', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyDelivery, { maxLength: 120 }), async (terms) => {
      const deliveries: Delivery[] = terms.map((each, i) => ({ ...each, id: String(i), body: '{}' }))
      const jobs: { ids: readonly string[]; name: string | undefined }[] = []
      shareDeliveryJobs(deliveries)
      await announceDeliveries({ add: async (ids, name) => void jobs.push({ ids, name }) }, deliveries)
      const announced = jobs.flatMap(({ ids }) => ids)
      expect(announced.toSorted()).toEqual(deliveries.map(({ id }) => id).toSorted())
      for (const { ids } of jobs.filter(({ name }) => name !== undefined)) {
        const members = ids.map((id) => deliveries[Number(id)])
        expect(new Set(members.map((each) => `${each?.tenant} ${each?.url}`)).size).toBe(1)
        expect(members.every((each) => each?.after === null)).toBe(true)
        expect(ids.length).toBeLessThanOrEqual(32)
      }
    }),
  )
})
