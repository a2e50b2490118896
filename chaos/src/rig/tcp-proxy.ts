import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Passes TCP connections on to a server, and can delay, cut or silence them. */
export class TcpProxy {
  readonly url: string
  /** Added to what goes in each direction. */
  delayMs = 0
  private readonly pairs = new Set<{ inner: Socket; outer: Socket; isSilent: boolean }>()
  private readonly server = createServer((inner) => this.join(inner))

  constructor(
    private readonly port: number,
    private readonly target: number,
  ) {
    this.url = `redis://127.0.0.1:${port}`
  }

  async listen(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1')
    await once(this.server, 'listening')
  }

  /** Resets so large a share of the connections; `random` gives numbers from 0 to 1. */
  reset(share: number, random: () => number): void {
    for (const { inner, outer } of this.pairs) {
      if (random() >= share) continue
      inner.resetAndDestroy()
      outer.destroy()
    }
  }

  /** From now on nothing comes through the connections that stand, and neither side is told. */
  silence(): void {
    for (const pair of this.pairs) pair.isSilent = true
  }

  async close(): Promise<void> {
    for (const { inner, outer } of this.pairs) {
      inner.destroy()
      outer.destroy()
    }
    this.server.close()
    await once(this.server, 'close')
  }

  private join(inner: Socket): void {
    const outer = connect(this.target, '127.0.0.1')
    const pair = { inner, outer, isSilent: false }
    this.pairs.add(pair)
    const pass = (from: Socket, to: Socket) => {
      from.setNoDelay(true)
      // A network may be slow, and gets faster again, but what it carries for a connection stays in order.
      let sent = Promise.resolve()
      from.on('data', (bytes) => {
        const arrival = this.delayMs > 0 ? delay(this.delayMs) : undefined
        sent = sent.then(async () => {
          await arrival
          if (!pair.isSilent && to.writable) to.write(bytes)
        })
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        this.pairs.delete(pair)
        if (!pair.isSilent) to.destroy()
      })
    }
    pass(inner, outer)
    pass(outer, inner)
  }
}
