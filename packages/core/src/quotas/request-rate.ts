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

/** Actors of which something is known; what is over is forgotten then. */
const mostKnown = 10_000

/**
 * Counts requests a second, for all API processes together; while Redis is away each counts for itself. Who is known to
 * be beyond its rate is refused at once: a refusal must cost little, and wait for nobody.
 */
export class RequestRate {
  private readonly limiters = new Map<number, RateLimiterRedis>()
  /** Until when an actor has nothing left, by `performance.now()`. */
  private readonly usedUpUntil = new Map<string, number>()
  /** Requests of an actor that are being counted. */
  private readonly asking = new Map<string, number>()

  constructor(private readonly options: RequestRateOptions) {}

  /** Counts a request of this actor, who may send so many a second. */
  take(actor: string, perSecond: number): Taken | Promise<Taken> {
    const leftMs = (this.usedUpUntil.get(actor) ?? 0) - performance.now()
    if (leftMs > 0) return refused(leftMs)
    // As many as there may be are on their way already: they are counted before this one.
    const asking = this.asking.get(actor) ?? 0
    if (asking >= perSecond) return refused(windowSeconds * 1000)
    this.asking.set(actor, asking + 1)
    return this.ask(actor, perSecond)
  }

  private async ask(actor: string, perSecond: number): Promise<Taken> {
    try {
      return this.note(actor, await this.limiterOf(perSecond).consume(actor), true)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      return this.note(actor, refusal, false)
    } finally {
      const left = (this.asking.get(actor) ?? 1) - 1
      if (left === 0) this.asking.delete(actor)
      else this.asking.set(actor, left)
    }
  }

  private note(actor: string, counted: RateLimiterRes, isAllowed: boolean): Taken {
    const { remainingPoints, msBeforeNext } = counted
    if (remainingPoints <= 0) this.remember(actor, performance.now() + msBeforeNext)
    return { isAllowed, remaining: remainingPoints, resetSeconds: inSeconds(msBeforeNext) }
  }

  private remember(actor: string, until: number): void {
    if (this.usedUpUntil.size >= mostKnown) {
      const now = performance.now()
      for (const [known, end] of this.usedUpUntil) if (end < now) this.usedUpUntil.delete(known)
    }
    this.usedUpUntil.set(actor, until)
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
      insuranceLimiter: new RateLimiterMemory(limit),
    })
    if (this.limiters.size >= mostRates) this.limiters.clear()
    this.limiters.set(perSecond, limiter)
    return limiter
  }
}

const refused = (leftMs: number): Taken => ({
  isAllowed: false,
  remaining: 0,
  resetSeconds: inSeconds(leftMs),
})

const inSeconds = (ms: number) => Math.max(1, Math.ceil(ms / 1000))
