import type { Experiment } from '../experiment.js'
import { isTerminal } from '../history/history.js'
import { inParallel } from '../rig/settle.js'
import { pause } from '../rig/until.js'

export const cancelStorm: Experiment = {
  id: 'W12',
  title: 'Predictions are cancelled at any moment of their life',
  counts: { short: 60, quick: 300, full: 2000 },
  rig: () => ({}),
  async run(rig, { count, random }) {
    const delays = Array.from({ length: count }, () => random.integer(0, 400))
    let refused = 0
    const cancel = async (id: string, i: number) => {
      const { status, text } = await rig.client.ask(rig.tenant(i), 'POST', `/api/v1/predictions/${id}/cancel`)
      if (status !== 200 || !isTerminal((JSON.parse(text) as { status: string }).status)) refused++
    }
    await inParallel(
      delays.map((delay, i) => ({ delay, i })),
      async ({ delay, i }) => {
        const id = await rig.client.submit(rig.tenant(i), { input: { sleepMs: 30 }, hasWebhook: true })
        if (id === null) return
        await pause(delay)
        await cancel(id, i)
        await rig.client.read(rig.tenant(i), id)
        await cancel(id, i)
      },
      32,
    )
    return [{ name: 'cancels without an end', value: refused, atMost: 0 }]
  },
  criteria: (history, { count }) => {
    const known = history.ended('canceled') + history.ended('succeeded')
    return [{ name: 'canceled or succeeded', value: known, atLeast: count, atMost: count }]
  },
}
