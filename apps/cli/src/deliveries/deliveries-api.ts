import { z } from 'zod'
import { ServerApi, type ServerApiOptions } from '../server-api.js'

const attempt = z.object({
  at: z.string(),
  outcome: z.string(),
  status: z.number().nullable(),
  reason: z.string().nullable(),
  duration_ms: z.number(),
  answer: z.string(),
})

const deliverySchema = z.looseObject({
  id: z.string(),
  event: z.string(),
  webhook: z.string(),
  webhook_id: z.string(),
  state: z.string(),
  created_at: z.string(),
  next_attempt_at: z.string().nullable(),
  held_by: z.string().nullable(),
  attempts_made: z.number(),
  attempts: z.array(attempt),
})
export type ShownDelivery = z.infer<typeof deliverySchema>

const listSchema = z.object({ results: z.array(deliverySchema) })
const pageSchema = listSchema.extend({ next: z.string().nullable() })
const replayedSchema = z.object({ replayed: z.number(), more: z.boolean() })
const mostPerPage = 100

export interface DeliveriesWanted {
  state?: string | undefined
  limit: number
}

/** The deliveries of a running server. Every method throws a RefusedError that says what to mend. */
export class DeliveriesApi {
  private readonly reading: ServerApi
  private readonly changing: ServerApi

  constructor(options: Omit<ServerApiOptions, 'scope'>) {
    this.reading = new ServerApi({ ...options, scope: 'read' })
    this.changing = new ServerApi({ ...options, scope: 'webhooks' })
  }

  /** Newest first. */
  async list({ state, limit }: DeliveriesWanted): Promise<ShownDelivery[]> {
    const found: ShownDelivery[] = []
    const query = new URLSearchParams({ limit: String(mostPerPage), ...(state !== undefined && { state }) })
    let path: string | null = `/api/v1/deliveries?${String(query)}`
    while (path !== null && found.length < limit) {
      const page: z.infer<typeof pageSchema> = await this.reading.request(pageSchema, path)
      found.push(...page.results)
      path = page.next === null ? null : `/api/v1/deliveries${new URL(page.next).search}`
    }
    return found.slice(0, limit)
  }

  async ofPrediction(prediction: string): Promise<ShownDelivery[]> {
    const path = `/api/v1/predictions/${encodeURIComponent(prediction)}/deliveries`
    return (await this.reading.request(listSchema, path)).results
  }

  get(id: string): Promise<ShownDelivery> {
    return this.reading.request(deliverySchema, pathOf(id))
  }

  redeliver(id: string): Promise<ShownDelivery> {
    return this.changing.request(deliverySchema, `${pathOf(id)}/redeliver`, { method: 'POST' })
  }

  /** Makes up to so many once more that were given up. Gives how many, and whether there are more. */
  async replay(limit: number): Promise<z.infer<typeof replayedSchema>> {
    let replayed = 0
    for (;;) {
      const body = { limit: Math.min(1000, limit - replayed) }
      const path = '/api/v1/dead-letters/replay'
      const round = await this.changing.request(replayedSchema, path, { method: 'POST', body })
      replayed += round.replayed
      if (!round.more || replayed >= limit) return { replayed, more: round.more }
    }
  }
}

const pathOf = (id: string) => `/api/v1/deliveries/${encodeURIComponent(id)}`
