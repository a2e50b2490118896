import type { Experiment } from '../experiment.js'
import type { Rig } from '../rig/rig.js'
import { pause } from '../rig/until.js'

const perSecond = 100
const leaveSeconds = 2

/** A load balancer: asks every API whether it is ready, and sends requests to those that are. */
class Balancer {
  readonly statuses: number[] = []
  private ready: readonly string[]
  private running = true

  constructor(private readonly rig: Rig) {
    this.ready = rig.origins
  }

  async watch(): Promise<void> {
    while (this.running) {
      const states = await Promise.all(this.rig.origins.map((origin) => this.rig.isReady(origin)))
      const ready = this.rig.origins.filter((_, i) => states[i])
      // Where none seems ready, a balancer goes on as before.
      if (ready.length > 0) this.ready = ready
      await pause(100)
    }
  }

  async send(i: number): Promise<void> {
    const origin = this.ready[i % this.ready.length] ?? ''
    const input = this.rig.client.newInput(this.rig.tenant(i), { sleepMs: 5 })
    const { answer } = await this.rig.client.submitOnce(this.rig.tenant(i), input, { origin })
    this.statuses.push(answer.status)
  }

  stop(): void {
    this.running = false
  }
}

export const stopApi: Experiment = {
  id: 'A1',
  title: 'One of two APIs is told to stop under load',
  counts: { short: 1, quick: 3, full: 20 },
  rig: () => ({ apiEnv: { AUGUR_LEAVE_SECONDS: String(leaveSeconds) } }),
  async run(rig, { count }) {
    const balancer = new Balancer(rig)
    const watching = balancer.watch()
    const sent: Promise<void>[] = []
    const enough = new AbortController()
    const load = (async () => {
      for (let i = 0; !enough.signal.aborted; i++) {
        sent.push(balancer.send(i))
        await pause(1000 / perSecond)
      }
    })()
    const stops: number[] = []
    for (let i = 0; i < count; i++) {
      const api = rig.apis[i % rig.apis.length]
      if (!api) throw new Error('the rig has no API')
      await pause(1000)
      rig.noteFault('SIGTERM', api.name, [api.pid])
      const startedAt = Date.now()
      await api.kill('SIGTERM')
      stops.push(Date.now() - startedAt)
      api.start()
      await rig.becomeReady()
    }
    enough.abort()
    await load
    await Promise.all(sent)
    balancer.stop()
    await watching
    return [
      { name: 'requests', value: balancer.statuses.length, atLeast: 100 },
      {
        name: 'requests not accepted',
        value: balancer.statuses.filter((each) => each !== 201).length,
        atMost: 0,
      },
      { name: 'longest stop (ms)', value: Math.max(...stops), atMost: 30_000 },
    ]
  },
  criteria: (history) => [
    {
      name: 'exits other than 0',
      value: history.of('exit').filter(({ code }) => code !== 0).length,
      atMost: 0,
    },
  ],
}
