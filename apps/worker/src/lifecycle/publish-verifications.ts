import { stat } from 'node:fs/promises'
import type { FoundVersion, VersionId } from '@augur/core/models/version'
import { digestDataset } from '@augur/core/verification/digest-dataset'
import { readVerifications } from '@augur/core/verification/read-verification'
import type { VerificationState } from '@augur/core/verification/verification-state'
import type { VerificationStore } from '@augur/core/verification/verification-store'
import type { Logger } from '@augur/core/telemetry/logger'
import { fingerprintFolder } from './fingerprint-folder.js'

export interface VerificationsContext {
  verifications: Pick<VerificationStore, 'publish'>
  logger: Logger
}

/** Tells the catalogue what the verifications beside versions say, whenever that changes. */
export class PublishedVerifications {
  private readonly digests = new Map<string, { signature: string; digest: string }>()
  private published: string | undefined
  private isRunning = false

  constructor(private readonly context: VerificationsContext) {}

  /** To be called after each look at the repository. Never rejects; what failed is made up for the next time. */
  async scanned(versions: readonly FoundVersion[]): Promise<void> {
    if (this.isRunning) return
    this.isRunning = true
    try {
      await this.publish(await readVerifications(versions, (path) => this.digestOf(path)))
    } catch (error) {
      this.context.logger.warn({ err: error }, 'verifications could not be published')
    } finally {
      this.isRunning = false
    }
  }

  private async publish(states: ReadonlyMap<VersionId, VerificationState>): Promise<void> {
    const text = JSON.stringify([...states])
    if (text === this.published) return
    await this.context.verifications.publish(states)
    this.published = text
  }

  /** Read again only where the test set was touched: images can be many. */
  private async digestOf(path: string): Promise<string | undefined> {
    const signature = await signatureOf(path)
    if (signature === undefined) return undefined
    const known = this.digests.get(path)
    if (known?.signature === signature) return known.digest
    const digest = await digestDataset(path)
    this.digests.set(path, { signature, digest })
    return digest
  }
}

async function signatureOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (!found) return undefined
  if (found.isDirectory()) return fingerprintFolder(path)
  return [found.size, found.mtimeMs, found.ctimeMs, found.ino].join(' ')
}
