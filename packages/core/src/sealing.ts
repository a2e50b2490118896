import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const ivBytes = 12
const tagBytes = 16

/** Thrown where something was sealed under another master key, or for something else. */
export class UnsealError extends Error {
  override readonly name = 'UnsealError'
  constructor() {
    super('A stored secret cannot be opened: AUGUR_MASTER_KEY is not the one that it was stored under.')
  }
}

/** Keeps texts secret where they are stored: AES-256-GCM under a key that derives from the master key. */
export class Sealer {
  private readonly key: Buffer

  constructor(masterKey: Uint8Array, purpose: string) {
    this.key = Buffer.from(hkdfSync('sha256', masterKey, '', `augur sealing ${purpose}`, 32))
  }

  /** The text in base64. It opens only for the same `subject`, so that one cannot be put in the place of another. */
  seal(text: string, subject: string): string {
    const iv = randomBytes(ivBytes)
    const cipher = createCipheriv('aes-256-gcm', this.key, iv).setAAD(Buffer.from(subject))
    return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
      'base64',
    )
  }

  /** @throws UnsealError */
  open(sealed: string, subject: string): string {
    const bytes = Buffer.from(sealed, 'base64')
    const end = bytes.length - tagBytes
    if (end < ivBytes) throw new UnsealError()
    const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, ivBytes))
    decipher.setAAD(Buffer.from(subject)).setAuthTag(bytes.subarray(end))
    try {
      return Buffer.concat([decipher.update(bytes.subarray(ivBytes, end)), decipher.final()]).toString('utf8')
    } catch {
      throw new UnsealError()
    }
  }
}
