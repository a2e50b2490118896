import type { Redis } from 'ioredis'
import { ServiceError } from '../errors.js'
import type { Keys } from '../redis/keys.js'
import { loadScript, runScript } from '../redis/script.js'
import { Sealer } from '../sealing.js'
import {
  firstSecrets,
  liveSecrets,
  newSecretId,
  rotated,
  type SigningSecret,
  withNewSecret,
  withoutSecret,
} from './signing-secrets.js'
import { createSecretDeriver } from './webhook-secret.js'

const replaceScript = loadScript(new URL('./replace-secrets.lua', import.meta.url))

/** A secret that was taken away signs no longer than this. */
const freshMs = 2000
const mostRemembered = 10_000
const mostTries = 20

/** A secret with its text. */
export interface KnownSecret extends SigningSecret {
  key: string
}

interface Remembered {
  readAt: number
  secrets: Promise<KnownSecret[]>
}

/**
 * What each tenant's webhooks are signed with: a secret that derives from the master key, until others are created
 * beside it or in its place. Those are stored sealed.
 */
export class WebhookSecrets {
  private readonly derive: (tenant: string) => string
  private readonly sealer: Sealer
  private readonly remembered = new Map<string, Remembered>()

  constructor(
    private readonly redis: Redis,
    private readonly keys: Keys,
    masterKey: Uint8Array,
  ) {
    this.derive = createSecretDeriver(masterKey)
    this.sealer = new Sealer(masterKey, 'webhook secrets')
  }

  /**
   * Secrets that sign now, newest first; there is always one. A change made elsewhere is seen within two seconds.
   * @throws UnsealError
   */
  async active(tenant: string, nowMs: number): Promise<string[]> {
    const known = this.remembered.get(tenant)
    const isFresh = known !== undefined && nowMs - known.readAt < freshMs && nowMs >= known.readAt
    const secrets = await (isFresh ? known.secrets : this.remember(tenant, nowMs))
    return liveSecrets(secrets, nowMs).map(({ key }) => key)
  }

  /** The same with all that is known of them, as they are stored. */
  async list(tenant: string, nowMs: number): Promise<KnownSecret[]> {
    return liveSecrets((await this.load(tenant)).secrets, nowMs)
  }

  /** @throws ServiceError `secret_needed` when there are too many */
  async create(tenant: string, nowMs: number, id = newSecretId()): Promise<KnownSecret> {
    const secrets = await this.change(tenant, nowMs, (before) => withNewSecret(before, nowMs, id))
    return ofId(secrets, id)
  }

  /** A new one in place of all others, which sign for `graceMs` still. */
  async rotate(tenant: string, graceMs: number, nowMs: number, id = newSecretId()): Promise<KnownSecret> {
    const secrets = await this.change(tenant, nowMs, (before) => rotated(before, graceMs, nowMs, id))
    return ofId(secrets, id)
  }

  /** @throws ServiceError `not_found` where it does not sign any more */
  async read(tenant: string, id: string, nowMs: number): Promise<KnownSecret> {
    return ofId(await this.list(tenant, nowMs), id)
  }

  /** @throws ServiceError `not_found` or `secret_needed` */
  async remove(tenant: string, id: string, nowMs: number): Promise<void> {
    await this.change(tenant, nowMs, (secrets) => withoutSecret(secrets, id, nowMs))
  }

  /** Gives those that sign then. */
  private async change(
    tenant: string,
    nowMs: number,
    changed: (secrets: readonly SigningSecret[]) => SigningSecret[],
  ): Promise<KnownSecret[]> {
    for (let tries = 0; tries < mostTries; tries++) {
      const { text, secrets } = await this.load(tenant)
      const next = changed(secrets)
      const args = [text, this.encode(tenant, next)]
      const key = this.keys.webhookSecrets(tenant)
      if ((await runScript<number>(this.redis, replaceScript, [key], args)) === 0) continue
      this.remembered.delete(tenant)
      return liveSecrets(this.withDerived(tenant, next), nowMs)
    }
    throw new Error('The secrets of a tenant change all the time.')
  }

  private remember(tenant: string, nowMs: number): Promise<KnownSecret[]> {
    const secrets = this.load(tenant).then((loaded) => loaded.secrets)
    this.remembered.delete(tenant)
    this.remembered.set(tenant, { readAt: nowMs, secrets })
    // An error is not remembered, and is the business of whoever awaits it.
    secrets.catch(() => this.remembered.delete(tenant))
    const [oldest] = this.remembered.keys()
    if (this.remembered.size > mostRemembered && oldest !== undefined) this.remembered.delete(oldest)
    return secrets
  }

  private async load(tenant: string): Promise<{ text: string; secrets: KnownSecret[] }> {
    const text = (await this.redis.get(this.keys.webhookSecrets(tenant))) ?? ''
    return { text, secrets: this.withDerived(tenant, text === '' ? firstSecrets : this.decode(tenant, text)) }
  }

  private withDerived(tenant: string, secrets: readonly SigningSecret[]): KnownSecret[] {
    return secrets.map((secret) => ({ ...secret, key: secret.key ?? this.derive(tenant) }))
  }

  private encode(tenant: string, secrets: readonly SigningSecret[]): string {
    const derived = this.derive(tenant)
    const stored: StoredSecret[] = secrets.map(({ id, key, createdAt, expiresAt }) => {
      const sealed = key === null || key === derived ? null : this.sealer.seal(key, `${tenant} ${id}`)
      return [id, sealed, createdAt, expiresAt]
    })
    return JSON.stringify(stored)
  }

  private decode(tenant: string, text: string): SigningSecret[] {
    // Written by `encode`, and by nobody else.
    const stored: StoredSecret[] = JSON.parse(text)
    return stored.map(([id, sealed, createdAt, expiresAt]) => {
      const key = sealed === null ? null : this.sealer.open(sealed, `${tenant} ${id}`)
      return { id, key, createdAt, expiresAt }
    })
  }
}

function ofId(secrets: readonly KnownSecret[], id: string): KnownSecret {
  const found = secrets.find((secret) => secret.id === id)
  if (!found) throw new ServiceError('not_found', 'There is no secret with this id.')
  return found
}

type StoredSecret = [id: string, sealed: string | null, createdAt: number, expiresAt: number | null]
