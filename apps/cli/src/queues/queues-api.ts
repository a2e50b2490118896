import { z } from 'zod'
import { RefusedError, ServerApi, type ServerApiOptions } from '../server-api.js'

const queueSchema = z.object({
  model: z.string(),
  version: z.string(),
  label: z.string(),
  state: z.string(),
  workers: z.number(),
  paused: z.boolean(),
  draining: z.boolean(),
  open: z.number(),
  oldest_age_seconds: z.number().nullable(),
  ran_per_second: z.number().nullable(),
})
export type ShownQueue = z.infer<typeof queueSchema>

const overviewSchema = z.object({ versions: z.array(queueSchema) })
const changedSchema = z.looseObject({
  model: z.string(),
  label: z.string(),
  paused: z.boolean(),
  draining: z.boolean(),
  canceled: z.number().optional(),
})
export type ChangedQueue = z.infer<typeof changedSchema>

export const queueChanges = ['pause', 'resume', 'drain', 'purge'] as const
export type QueueChange = (typeof queueChanges)[number]

/** The queues of a running server. */
export class QueuesApi {
  private readonly server: ServerApi

  constructor(options: Omit<ServerApiOptions, 'scope'>) {
    this.server = new ServerApi({ ...options, scope: 'admin' })
  }

  async list(): Promise<ShownQueue[]> {
    return (await this.server.request(overviewSchema, '/admin/overview')).versions
  }

  /** `reference` is a version's id, or model and label as `digits:int8`. */
  async change(reference: string, change: QueueChange): Promise<ChangedQueue> {
    const { version } = await this.find(reference)
    return this.server.request(changedSchema, `/admin/versions/${version}/${change}`, { method: 'POST' })
  }

  private async find(reference: string): Promise<ShownQueue> {
    const isMeant = ({ version, model, label }: ShownQueue) =>
      version === reference || `${model}:${label}` === reference || `${nameOf(model)}:${label}` === reference
    const [found, another] = (await this.list()).filter(isMeant)
    if (!found) throw new RefusedError(`There is no version ${reference}; augur queues list shows them.`)
    if (another) throw new RefusedError(`${reference} means several versions; name one by its id.`)
    return found
  }
}

const nameOf = (model: string) => model.slice(model.indexOf('/') + 1)
