import type { Transport } from './transport.js'
import type { Model, ModelPage, Version, VersionPage } from './types.js'

/** Models are named `owner/name`. */
export class Models {
  constructor(private readonly transport: Transport) {}

  async list(): Promise<Model[]> {
    return (await this.transport.json<ModelPage>('/models')).results
  }

  /** Those whose name or description has every word of the text. */
  async search(text: string): Promise<Model[]> {
    const headers = { 'content-type': 'text/plain' }
    const call = { method: 'QUERY', headers, body: text, repeatable: true }
    return (await this.transport.json<ModelPage>('/models', call)).results
  }

  get(model: string): Promise<Model> {
    return this.transport.json(`/models/${model}`)
  }

  /** Newest first. */
  async versions(model: string): Promise<Version[]> {
    return (await this.transport.json<VersionPage>(`/models/${model}/versions`)).results
  }
}
