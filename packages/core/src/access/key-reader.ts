import { idOfKeyText, isGoodKey, type ApiKey } from './api-key.js'
import type { ApiKeyStore } from './api-key-store.js'

/** A revoked key is refused everywhere after this long, at the latest. */
const freshMs = 2000
const mostRemembered = 10_000

interface Remembered {
  readAt: number
  key: Promise<ApiKey | null>
}

/** Knows which keys are good, asking the store about each at most every two seconds. */
export class KeyReader {
  private readonly remembered = new Map<string, Remembered>()

  constructor(
    private readonly store: Pick<ApiKeyStore, 'read'>,
    private readonly now: () => number,
  ) {}

  /** The key that this text is, or null when it is none, or none any more. Rejects while the store is away. */
  async find(text: string): Promise<ApiKey | null> {
    const id = idOfKeyText(text)
    const key = id === null ? null : await this.read(id)
    return isGoodKey(text, key, this.now()) ? key : null
  }

  private read(id: string): Promise<ApiKey | null> {
    const known = this.remembered.get(id)
    if (known && this.now() - known.readAt < freshMs) return known.key
    const key = this.store.read(id)
    this.remembered.delete(id)
    this.remembered.set(id, { readAt: this.now(), key })
    // An error is not remembered, and is the business of whoever awaits it.
    key.catch(() => this.remembered.delete(id))
    const [oldest] = this.remembered.keys()
    if (this.remembered.size > mostRemembered && oldest !== undefined) this.remembered.delete(oldest)
    return key
  }
}
