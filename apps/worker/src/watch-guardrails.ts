import { repeat } from '@augur/core/repeat'
import { announceStops } from '@augur/core/rollouts/announce-stop'
import { checkGuardrails } from '@augur/core/rollouts/check-guardrails'
import type { Rollout } from '@augur/core/rollouts/rollout'
import type { WorkerContext } from './context.js'

const everyMs = 1000

/** Stops trials whose candidates break a guardrail, and has that told. Any number of workers may do so at a time. */
export function watchGuardrails(context: WorkerContext): { stop(): Promise<void> } {
  const { logger, rollouts, settings } = context
  const rolloutWebhook = settings.AUGUR_ROLLOUT_WEBHOOK ?? null
  const look = async (rollout: Rollout) => {
    try {
      await checkGuardrails(context, rollout)
    } catch (error) {
      // Its fault must not keep the other models from being looked after.
      logger.error({ err: error, model: rollout.model }, 'guardrails could not be checked')
    }
  }
  const cycle = async () => {
    const all = await rollouts.readAll()
    await Promise.all([...all.values()].map(look))
    await announceStops({ ...context, rolloutWebhook })
  }
  return repeat(cycle, everyMs, (error) => logger.error({ err: error }, 'rollouts could not be read'))
}
