import { ServiceError } from '@augur/core/errors'
import { spanFields } from '@augur/core/telemetry/trace-fields'
import type { Context } from 'hono'
import { addressOf } from '../address-of.js'
import type { ApiEnv } from '../api-app.js'
import type { ApiContext } from '../context.js'

export type GuessingContext = Pick<ApiContext, 'settings' | 'failedAttempts' | 'logger'>

const tooMany = (retryAfterSeconds: number) =>
  new ServiceError('rate_limited', 'Too many wrong keys came from this address.', { retryAfterSeconds })

/** Puts an end to the trying of keys from one address. Both throw the ServiceError `rate_limited` once it is reached. */
export function refuseGuessing(context: GuessingContext) {
  const { failedAttempts, logger } = context
  return {
    /** For a key that is wrong. */
    async countWrong(c: Context<ApiEnv>): Promise<void> {
      const address = addressOf(context, c)
      const { blockedSeconds, isFirst } = await failedAttempts.count(address)
      if (isFirst)
        logger.warn(
          { address, requestId: c.get('requestId'), ...spanFields(c.get('traceparent')) },
          'too many wrong keys; if a proxy has this address, name it in AUGUR_TRUSTED_PROXIES',
        )
      if (blockedSeconds !== null) throw tooMany(blockedSeconds)
    },
    /** For a key that is right and that somebody could have found by trying. */
    async refuseBlocked(c: Context<ApiEnv>): Promise<void> {
      const address = addressOf(context, c)
      const blockedSeconds = await failedAttempts.blockedSeconds(address)
      if (blockedSeconds !== null) throw tooMany(blockedSeconds)
      failedAttempts.remember(address)
    },
  }
}
