import { type PredictionId, tagOfId } from '../ids.js'
import type { JsonText, Payload } from '../predictions/prediction.js'
import type { PayloadStore } from './payload-store.js'

/** Decides where JSON text is kept: beside the record when it is small, in the payload store when it is not. */
export class Payloads {
  constructor(
    private readonly store: PayloadStore,
    private readonly inlineBytes: number,
  ) {}

  async keep(id: PredictionId, part: 'input' | 'output', json: JsonText, attempt = 0): Promise<Payload> {
    if (Buffer.byteLength(json) <= this.inlineBytes) return { kind: 'inline', json }
    // An attempt that lost its claim must not overwrite what the winner wrote.
    const key = `${tagOfId(id)}/${id.slice(-2)}/${id}.${part}.${attempt}.json`
    await this.store.put(key, Buffer.from(json))
    return { kind: 'stored', key }
  }

  /** The JSON text, or null where there is none. */
  async read(payload: Payload | null): Promise<JsonText | null> {
    if (payload === null) return null
    if (payload.kind === 'inline') return payload.json
    const content = await this.store.get(payload.key)
    return content === null ? null : content.toString('utf8')
  }

  async delete(key: string): Promise<void> {
    await this.store.delete(key)
  }
}
