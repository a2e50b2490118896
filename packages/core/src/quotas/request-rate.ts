import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'

export const windowSeconds = 1

interface RequestRateOptions {
  redis: Redis
  keyPrefix: string
  perSecond: number
}

export interface Taken {
  isAllowed: boolean
  /** Requests that are left in this window. */
  remaining: number
  /** Seconds until the next window, rounded up. */
  resetSeconds: number
}

/** Counts requests a second, for all API processes together; while Redis is away each counts for itself. */
export class RequestRate {
  readonly perSecond: number
  private readonly limiter: RateLimiterRedis

  constructor({ redis, keyPrefix, perSecond }: RequestRateOptions) {
    this.perSecond = perSecond
    const limit = { keyPrefix, points: perSecond, duration: windowSeconds }
    this.limiter = new RateLimiterRedis({
      ...limit,
      storeClient: redis,
      rejectIfRedisNotReady: true,
      insuranceLimiter: new RateLimiterMemory(limit),
    })
  }

  /** Counts a request of this actor. */
  async take(actor: string): Promise<Taken> {
    try {
      return takenOf(await this.limiter.consume(actor), true)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      return takenOf(refusal, false)
    }
  }
}

function takenOf({ remainingPoints, msBeforeNext }: RateLimiterRes, isAllowed: boolean): Taken {
  return { isAllowed, remaining: remainingPoints, resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) }
}
