import { type RedisServer, startRedis } from './redis-server.js'

interface RedisNodeOptions {
  port: number
  dir: string
  settings: Record<string, string>
}

/** A Redis that can be killed and started again on its port with its data. */
export class RedisNode {
  readonly url: string
  private server: RedisServer | undefined

  constructor(private readonly options: RedisNodeOptions) {
    this.url = `redis://127.0.0.1:${options.port}`
  }

  get pid(): number {
    return this.server?.pid ?? 0
  }

  async start(more: Record<string, string> = {}): Promise<void> {
    const { port, dir, settings } = this.options
    this.server = await startRedis({ port, dir, appendonly: true, settings: { ...settings, ...more } })
  }

  async kill(): Promise<void> {
    this.server?.kill('SIGKILL')
    await this.server?.exited
  }

  send(signal: NodeJS.Signals): void {
    this.server?.kill(signal)
  }

  async stop(): Promise<void> {
    this.server?.kill('SIGCONT')
    await this.server?.stop()
  }
}
