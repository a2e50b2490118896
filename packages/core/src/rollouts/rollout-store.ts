import type { Redis } from 'ioredis'
import type { Keys } from '../redis/keys.js'
import { loadScript, runScript } from '../redis/script.js'
import { eventId, modelTag } from '../ids.js'
import { guardrailActor, type Rollout } from './rollout.js'

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
      [this.keys.rollouts, this.keys.rolloutHistory(model), this.keys.untoldStops],
      [
        model,
        seen?.revision ?? 0,
        event.rollout === null ? '' : JSON.stringify(event.rollout),
        JSON.stringify(event),
        mostEvents,
        deliveryOfStop(event) ?? '',
      ],
    )
    return written === 1
  }

  /** Rollouts that a guardrail stopped and of which nobody was told yet, each with the id of the delivery that is to. */
  async untoldStops(): Promise<[delivery: string, rollout: Rollout][]> {
    const found = Object.entries(await this.redis.hgetall(this.keys.untoldStops))
    return found.map(([delivery, text]) => [delivery, parse(text)])
  }

  /** Notes that its delivery is there. */
  async told(delivery: string): Promise<void> {
    await this.redis.hdel(this.keys.untoldStops, delivery)
  }

  /** Newest first. */
  async history(model: string, limit: number): Promise<RolloutEvent[]> {
    const found = await this.redis.xrevrange(this.keys.rolloutHistory(model), '+', '-', 'COUNT', limit)
    // Written by `write`, and by nobody else.
    return found.map(([, [, text = 'null']]): RolloutEvent => JSON.parse(text))
  }
}

/** Null for what is told to nobody: what a person does is known already. */
function deliveryOfStop({ action, actor, rollout }: RolloutEvent): string | null {
  const stopped = rollout?.trial?.stopped
  if (action !== 'stop' || actor !== guardrailActor || !stopped) return null
  return `${eventId(modelTag(rollout.model), stopped.at, `${rollout.trial?.id} stopped`)}.rollout-stopped`
}

const parse = (text: string): Rollout => JSON.parse(text)
