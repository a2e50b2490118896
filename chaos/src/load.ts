import { readRuns } from './rig/chaos-model.js'
import type { Submission } from './rig/client.js'
import type { Rig } from './rig/rig.js'
import { inParallel } from './rig/settle.js'
import { pause } from './rig/until.js'

type Input = Submission['input']

/** Submits so many inputs of all tenants in turn, a few at a time; every `webhookEvery`th wants a webhook. */
export async function submitMany(
  rig: Rig,
  count: number,
  inputOf: (index: number) => Input,
  { producers = 8, webhookEvery = 2 } = {},
): Promise<void> {
  const indices = Array.from({ length: count }, (_, i) => i)
  const submit = async (i: number) => {
    const hasWebhook = webhookEvery > 0 && i % webhookEvery === 0
    await rig.client.submit(rig.tenant(i), { input: inputOf(i), hasWebhook })
  }
  await inParallel(indices, submit, producers)
}

/** Submits at a steady rate until told to stop, and gives how many that were. Does not wait for answers. */
export function submitSteadily(rig: Rig, perSecond: number, input: Input): { stop(): Promise<number> } {
  const stopped = new AbortController()
  const sent: Promise<unknown>[] = []
  const loop = async () => {
    for (let i = 0; !stopped.signal.aborted; i++) {
      sent.push(rig.client.submit(rig.tenant(i), { input, hasWebhook: i % 4 === 0 }))
      await pause(1000 / perSecond)
    }
  }
  const looping = loop()
  return {
    async stop() {
      stopped.abort()
      await looping
      await Promise.all(sent)
      return sent.length
    },
  }
}

/** Does something again and again at this pace until told to stop; gives how often that was. */
export function repeatedly(everyMs: number, act: () => Promise<void>): { stop(): Promise<number> } {
  const stopped = new AbortController()
  let times = 0
  const loop = async () => {
    for (;;) {
      await pause(everyMs)
      if (stopped.signal.aborted) break
      await act()
      times++
    }
  }
  const looping = loop()
  return {
    async stop() {
      stopped.abort()
      await looping
      return times
    },
  }
}

/** How many predictions have ended, by what the model noted: so much costs the server nothing. */
export async function endedRuns(rig: Rig): Promise<number> {
  const runs = await readRuns(rig.runsPath)
  return new Set(runs.filter(({ phase }) => phase === 'end').map(({ request }) => request)).size
}
