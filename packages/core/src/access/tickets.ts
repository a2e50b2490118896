import { createHmac, type Hmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** What a ticket opens; one never opens the other. */
export type TicketPurpose = 'stream' | 'file' | 'batch' | 'queues'

/** What a ticket is for. */
export interface TicketSubject {
  purpose: TicketPurpose
  id: string
  tenant: string
  /** Milliseconds since 1970; null: for as long as the thing itself is kept. */
  expiresAt: number | null
}

const mostKept = 4096
const shape = /^([a-z0-9-]{1,63})\.(\d{0,15})\.([A-Za-z0-9_-]{43})$/

/**
 * Signs the part of a URL that lets its holder read one thing without a key: clients fetch streams and files without
 * sending theirs. Every process with the same master key makes and reads the same tickets.
 */
export class Tickets {
  private readonly key: Buffer
  private readonly issued = new Map<string, string>()

  constructor(masterKey: Uint8Array) {
    this.key = Buffer.from(hkdfSync('sha256', masterKey, '', 'augur tickets', 32))
  }

  /** Text that is safe in a query string. Who polls is given the same again and again: the newest are kept. */
  issue(subject: TicketSubject): string {
    const text = textOf(subject)
    const known = this.issued.get(text)
    if (known !== undefined) return known
    const expiry = subject.expiresAt === null ? '' : String(subject.expiresAt)
    const ticket = `${subject.tenant}.${expiry}.${this.sign(text).digest('base64url')}`
    if (this.issued.size >= mostKept) this.issued.clear()
    this.issued.set(text, ticket)
    return ticket
  }

  /** The tenant for whom the ticket opens this thing; null when it is wrong, of another thing, or too old. */
  read(purpose: TicketPurpose, id: string, text: string, nowMs: number): string | null {
    const [, tenant, expiry, signature] = shape.exec(text) ?? []
    if (tenant === undefined || signature === undefined) return null
    const expiresAt = expiry === '' ? null : Number(expiry)
    const given = Buffer.from(signature, 'base64url')
    const isGenuine = timingSafeEqual(given, this.sign(textOf({ purpose, id, tenant, expiresAt })).digest())
    return isGenuine && (expiresAt === null || nowMs < expiresAt) ? tenant : null
  }

  private sign(text: string): Hmac {
    return createHmac('sha256', this.key).update(text)
  }
}

const textOf = ({ purpose, id, tenant, expiresAt }: TicketSubject) =>
  JSON.stringify([purpose, id, tenant, expiresAt])
