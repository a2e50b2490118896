import type { Experiment } from '../experiment.js'

const atOnce = 100

export const sameKey: Experiment = {
  id: 'A7',
  title: 'A hundred requests at once with the same Idempotency-Key',
  counts: { short: 2, quick: 10, full: 100 },
  rig: () => ({ workers: 1 }),
  async run(rig, { count }) {
    const statuses: number[] = []
    for (let round = 0; round < count; round++) {
      const tenant = rig.tenant(round)
      const input = rig.client.newInput(tenant, {})
      const answers = await Promise.all(
        Array.from({ length: atOnce }, () => rig.client.submitOnce(tenant, input, { hasWebhook: true })),
      )
      statuses.push(...answers.map(({ answer }) => answer.status))
    }
    const unlike = statuses.filter((status) => status !== 201 && status !== 409)
    return [{ name: 'answers other than 201 and 409', value: unlike.length, atMost: 0 }]
  },
  criteria: (history, { count }) => [
    { name: 'predictions', value: history.accepted.size, atLeast: count, atMost: count },
    { name: 'runs', value: history.of('run').filter(({ phase }) => phase === 'begin').length, atMost: count },
  ],
}
