import type { Redis } from 'ioredis'
import type { Keys } from '../redis/keys.js'
import { loadScript, runScript } from '../redis/script.js'
import type { Rollout } from './rollout.js'

const script = loadScript(new URL('./write-rollout.lua', import.meta.url))

export const rolloutActions = ['set', 'stop', 'promote', 'rollback', 'remove'] as const
export type RolloutAction = (typeof rolloutActions)[number]

/** One line of a rollout's history. Lines are added, and nothing changes one. */
export interface RolloutEvent {
  action: RolloutAction
  /** Milliseconds since 1970. */
  at: number
  /** A key's id, `static`, `local`, or `guardrail`. */
  actor: string
  reason: string
  /** The rollout after it; null once it was removed. */
  rollout: Rollout | null
}

const mostEvents = 10_000

/** The only reader and writer of rollouts. They lie with the catalogue, which every API process follows. */
export class RolloutStore {
  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
  ) {}

  async read(model: string): Promise<Rollout | null> {
    const text = await this.redis.hget(this.keys.rollouts, model)
    return text === null ? null : parse(text)
  }

  async readAll(): Promise<Map<string, Rollout>> {
    const texts = await this.redis.hvals(this.keys.rollouts)
    return new Map(texts.map(parse).map((rollout) => [rollout.model, rollout]))
  }

  /** Writes `event.rollout` in place of what the caller saw. False when somebody else was faster. */
  async write(model: string, seen: Rollout | null, event: RolloutEvent): Promise<boolean> {
    const written = await runScript<number>(
      this.redis,
      script,
      [this.keys.rollouts, this.keys.rolloutHistory(model)],
      [
        model,
        seen?.revision ?? 0,
        event.rollout === null ? '' : JSON.stringify(event.rollout),
        JSON.stringify(event),
        mostEvents,
      ],
    )
    return written === 1
  }

  /** Newest first. */
  async history(model: string, limit: number): Promise<RolloutEvent[]> {
    const found = await this.redis.xrevrange(this.keys.rolloutHistory(model), '+', '-', 'COUNT', limit)
    // Written by `write`, and by nobody else.
    return found.map(([, [, text = 'null']]): RolloutEvent => JSON.parse(text))
  }
}

const parse = (text: string): Rollout => JSON.parse(text)
