import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'

export const windowSeconds = 1

/** Rates that keys have of their own; more are forgotten and begin a new window. */
const mostRates = 1000

interface RequestRateOptions {
  redis: Redis
  keyPrefix: string
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
  private readonly limiters = new Map<number, RateLimiterRedis>()

  constructor(private readonly options: RequestRateOptions) {}

  /** Counts a request of this actor, who may send so many a second. */
  async take(actor: string, perSecond: number): Promise<Taken> {
    try {
      return takenOf(await this.limiterOf(perSecond).consume(actor), true)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      return takenOf(refusal, false)
    }
  }

  private limiterOf(perSecond: number): RateLimiterRedis {
    const known = this.limiters.get(perSecond)
    if (known) return known
    const { redis, keyPrefix } = this.options
    const limit = { keyPrefix, points: perSecond, duration: windowSeconds }
    const limiter = new RateLimiterRedis({
      ...limit,
      storeClient: redis,
      rejectIfRedisNotReady: true,
      // Who is beyond its rate is refused until the next window without asking Redis: a refusal must cost little.
      inMemoryBlockOnConsumed: perSecond,
      insuranceLimiter: new RateLimiterMemory(limit),
    })
    if (this.limiters.size >= mostRates) this.limiters.clear()
    this.limiters.set(perSecond, limiter)
    return limiter
  }
}

function takenOf({ remainingPoints, msBeforeNext }: RateLimiterRes, isAllowed: boolean): Taken {
  return { isAllowed, remaining: remainingPoints, resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) }
}
