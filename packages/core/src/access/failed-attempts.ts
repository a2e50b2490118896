import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { addressGroup } from './client-address.js'

const windowSeconds = 60
const mostRemembered = 10_000

interface FailedAttemptsOptions {
  redis: Redis
  keyPrefix: string
  perMinute: number
}

export interface Counted {
  /** Seconds until this address may try again; null while it may. */
  blockedSeconds: number | null
  /** Whether it was this attempt that used up what the address had. */
  isFirst: boolean
}

const secondsOf = ({ msBeforeNext }: RateLimiterRes) => Math.max(1, Math.ceil(msBeforeNext / 1000))

/**
 * Counts wrong keys by the address that sent them, for all API processes together; while Redis is away each counts
 * for itself.
 */
export class FailedAttempts {
  private readonly limiter: RateLimiterRedis
  private readonly known = new Set<string>()

  constructor({ redis, keyPrefix, perMinute }: FailedAttemptsOptions) {
    const limit = { keyPrefix, points: perMinute, duration: windowSeconds }
    this.limiter = new RateLimiterRedis({
      ...limit,
      storeClient: redis,
      rejectIfRedisNotReady: true,
      insuranceLimiter: new RateLimiterMemory(limit),
    })
  }

  async count(address: string): Promise<Counted> {
    try {
      await this.limiter.consume(addressGroup(address))
      return { blockedSeconds: null, isFirst: false }
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      const isFirst = refusal.consumedPoints === this.limiter.points + 1
      return { blockedSeconds: secondsOf(refusal), isFirst }
    }
  }

  /**
   * Seconds until a key from this address is looked at again, null while it is. An address that had a right key before
   * is not shut out by what others send from there.
   */
  async blockedSeconds(address: string): Promise<number | null> {
    if (this.known.has(address)) return null
    const state = await this.limiter.get(addressGroup(address))
    return state !== null && state.consumedPoints >= this.limiter.points ? secondsOf(state) : null
  }

  /** Remembers that a right key came from there. */
  remember(address: string): void {
    if (this.known.size >= mostRemembered) this.known.clear()
    this.known.add(address)
  }
}
