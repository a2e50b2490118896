import type { Redis } from 'ioredis'
import type { PredictionId } from '../ids.js'
import type { Keys } from '../redis/keys.js'
import type { Prediction } from './prediction.js'
import { decodePublished } from './prediction-record.js'

/** Called with the prediction as it ended, where that was told; otherwise it has to be read. */
type Wake = (ended: Prediction | null) => void

/** Tells who waits that a prediction ended, whichever process ended it. Owns one subscribing connection. */
export class EndedSubscriptions {
  private readonly waiters = new Map<string, Set<Wake>>()

  constructor(
    private readonly subscriber: Redis,
    private readonly keys: Keys,
  ) {
    subscriber.on('message', (channel: string, message: string) => this.wake(channel, message))
    subscriber.on('ready', () => {
      this.resubscribe().catch(() => {})
    })
  }

  /**
   * Resolves once the subscription stands; `wake` is then called when the prediction may have ended.
   * @throws Error that `isRedisUnavailable` knows
   */
  async subscribe(id: PredictionId, wake: Wake): Promise<() => void> {
    const channel = this.keys.endedChannel(id)
    const others = this.waiters.get(channel)
    const waiters = others ?? new Set<Wake>()
    waiters.add(wake)
    this.waiters.set(channel, waiters)
    try {
      await this.subscriber.subscribe(channel)
    } catch (error) {
      this.unsubscribe(channel, wake)
      throw error
    }
    return () => this.unsubscribe(channel, wake)
  }

  get size(): number {
    return this.waiters.size
  }

  // What was published while the connection was away is lost: everybody looks again once the subscriptions stand.
  private async resubscribe(): Promise<void> {
    const channels = [...this.waiters.keys()]
    if (channels.length === 0) return
    await this.subscriber.subscribe(...channels)
    for (const channel of channels) this.wake(channel, '')
  }

  private wake(channel: string, message: string): void {
    const waiters = this.waiters.get(channel)
    if (!waiters) return
    const ended = decodePublished(channel.slice(this.keys.endedChannelPrefix.length), message)
    for (const wake of waiters) wake(ended)
  }

  private unsubscribe(channel: string, wake: Wake): void {
    const waiters = this.waiters.get(channel)
    waiters?.delete(wake)
    if (!waiters || waiters.size > 0) return
    this.waiters.delete(channel)
    // A connection that is away forgets its subscriptions by itself.
    this.subscriber.unsubscribe(channel).catch(() => {})
  }
}
