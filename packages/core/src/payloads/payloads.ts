import { type PredictionId, randomToken, tagOfId } from '../ids.js'
import type { JsonText, Payload } from '../predictions/prediction.js'
import type { PayloadStore } from './payload-store.js'

/** Decides where JSON text is kept: beside the record when it is small, in the payload store when it is not. */
export class Payloads {
  constructor(
    private readonly store: PayloadStore,
    private readonly inlineBytes: number,
    /** Beyond this many bytes an output is answered as a URL; 0: never. */
    private readonly urlBytes = 0,
  ) {}

  async keep(id: PredictionId, part: 'input' | 'output', json: JsonText, attempt = 0): Promise<Payload> {
    if (Buffer.byteLength(json) <= this.inlineBytes) return { kind: 'inline', json }
    // An attempt that lost its claim must not overwrite what the winner wrote.
    const key = `${tagOfId(id)}/${id.slice(-2)}/${id}.${part}.${attempt}.json`
    await this.store.put(key, Buffer.from(json))
    return { kind: 'stored', key }
  }

  /**
   * Like `keep`, for what a delivery is to carry: in a place of its own each time, since of those who try to end a
   * prediction one succeeds.
   */
  async keepBody(delivery: string, json: JsonText): Promise<Payload> {
    if (Buffer.byteLength(json) <= this.inlineBytes) return { kind: 'inline', json }
    const id = delivery.slice(0, delivery.indexOf('.'))
    const key = `${tagOfId(id)}/${id.slice(-2)}/${delivery}.body.${randomToken()}.json`
    await this.store.put(key, Buffer.from(json))
    return { kind: 'stored', key }
  }

  /** Whether callers get a URL in place of this. */
  async isLarge(payload: Payload | null): Promise<boolean> {
    if (this.urlBytes === 0 || payload?.kind !== 'stored') return false
    return (await this.sizeBytes(payload)) > this.urlBytes
  }

  /** 0 where there is none. */
  async sizeBytes(payload: Payload | null): Promise<number> {
    if (payload === null) return 0
    if (payload.kind === 'inline') return Buffer.byteLength(payload.json)
    return (await this.store.sizeBytes(payload.key)) ?? 0
  }

  /** The JSON text as it comes, or null where there is none. */
  async open(payload: Payload): Promise<ReadableStream<Uint8Array> | null> {
    return payload.kind === 'inline' ? new Blob([payload.json]).stream() : this.store.open(payload.key)
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
