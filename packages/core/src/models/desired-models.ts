import type { Redis } from 'ioredis'
import type { Keys } from '../redis/keys.js'

/** What operators want of models, beside what lies in the repository. Workers converge on it, at once or by rescan. */
export class DesiredModels {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  /** Every worker drains the model's versions, also after a restart, until `load`. */
  async unload(model: string): Promise<void> {
    await this.redis.sadd(this.keys.unloadedModels, model)
    await this.redis.publish(this.channel, encode({ kind: 'unload', model }))
  }

  /** Takes an `unload` back. Workers look at the model's folders again, also where it was loaded or had failed. */
  async load(model: string): Promise<void> {
    await this.redis.srem(this.keys.unloadedModels, model)
    await this.redis.publish(this.channel, encode({ kind: 'load', model }))
  }

  /** Models, as `owner/name`, that nobody is to serve. */
  async unloaded(): Promise<Set<string>> {
    return new Set(await this.redis.smembers(this.keys.unloadedModels))
  }

  /** Where a `DesiredChange` is published after each `load` and `unload`; `decodeDesiredChange` reads it. */
  get channel(): string {
    return this.keys.desiredChannel
  }
}

export interface DesiredChange {
  kind: 'load' | 'unload'
  /** `owner/name`. */
  model: string
}

const encode = ({ kind, model }: DesiredChange) => `${kind} ${model}`

/** Reads a message of the channel; undefined when no version of this program wrote it. */
export function decodeDesiredChange(message: string): DesiredChange | undefined {
  const [kind, model] = message.split(' ', 2)
  return (kind === 'load' || kind === 'unload') && model ? { kind, model } : undefined
}
