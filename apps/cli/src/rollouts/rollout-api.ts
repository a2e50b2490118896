import { z } from 'zod'
import { ServerApi, type ServerApiOptions } from '../server-api.js'

const version = z.object({ id: z.string(), label: z.string().nullable() })
const trial = z.object({
  candidate: version,
  mode: z.string(),
  percent: z.number(),
  started_at: z.string(),
  stopped_at: z.string().nullable(),
  stop_reason: z.string().nullable(),
})

const rolloutSchema = z.looseObject({
  model: z.string(),
  stable: version,
  previous_stable: version.nullable(),
  trial: trial.nullable(),
})
export type ShownRollout = z.infer<typeof rolloutSchema>

const historySchema = z.object({
  results: z.array(z.object({ action: z.string(), at: z.string(), actor: z.string(), reason: z.string() })),
})
export type ShownHistory = z.infer<typeof historySchema>

const maybe = z.number().nullable()
const arm = z.object({
  version,
  predictions: z.number(),
  error_rate: maybe,
  latency_ms: z.object({ p50: maybe, p95: maybe, p99: maybe }),
  feedback: z.object({ count: z.number(), accuracy: maybe, mean_score: maybe }),
})
export type ShownArm = z.infer<typeof arm>
const shares = z.object({
  difference: maybe,
  interval: z.object({ low: z.number(), high: z.number() }),
  p: z.number(),
  needed_per_arm: z.number(),
})

const shadow = z.object({
  pairs: z.number(),
  agreed: z.number(),
  candidate_failed: z.number(),
  stable_failed: z.number(),
  shed: z.number(),
  agreement: z.object({ share: maybe, low: z.number(), high: z.number() }),
  distance: z.object({ p50: maybe, p95: maybe, max: maybe }),
  run_ms: z.object({ stable: z.object({ p95: maybe }), candidate: z.object({ p95: maybe }) }),
  worst: z.array(z.object({ prediction: z.string(), distance: maybe })),
})
export type ShownShadow = z.infer<typeof shadow>

const comparisonSchema = z.looseObject({
  model: z.string(),
  trial,
  arms: z.object({ stable: arm, candidate: arm }),
  errors: shares,
  accuracy: shares.nullable(),
  shadow: shadow.nullable(),
  verdict: z.string(),
})
export type ShownComparison = z.infer<typeof comparisonSchema>

/** The rollouts of a running server. Every method throws a RefusedError that says what to mend. */
export class RolloutApi {
  private readonly server: ServerApi

  constructor(options: Omit<ServerApiOptions, 'scope'>) {
    this.server = new ServerApi({ ...options, scope: 'models' })
  }

  get(model: string): Promise<ShownRollout> {
    return this.server.request(rolloutSchema, pathOf(model))
  }

  set(model: string, body: object): Promise<ShownRollout> {
    return this.server.request(rolloutSchema, pathOf(model), { method: 'PUT', body })
  }

  act(model: string, action: 'stop' | 'promote' | 'rollback', body: object): Promise<ShownRollout> {
    return this.server.request(rolloutSchema, `${pathOf(model)}/${action}`, { method: 'POST', body })
  }

  async remove(model: string): Promise<void> {
    await this.server.request(z.null(), pathOf(model), { method: 'DELETE' })
  }

  history(model: string): Promise<ShownHistory> {
    return this.server.request(historySchema, `${pathOf(model)}/history`)
  }

  comparison(model: string): Promise<ShownComparison> {
    return this.server.request(comparisonSchema, `${pathOf(model)}/comparison`)
  }
}

/** The owner may be left out where it is the usual one. */
function pathOf(model: string): string {
  const full = model.includes('/') ? model : `augur/${model}`
  return `/api/v1/models/${full.split('/').map(encodeURIComponent).join('/')}/rollout`
}
