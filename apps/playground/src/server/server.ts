import type { Problem } from '@augur/client/types'

/** What the server answered in place of what was asked for. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
  ) {
    super(problem?.detail ?? `The server answered with status ${status}.`)
  }
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  json?: unknown
  signal?: AbortSignal
}

interface ServerOptions {
  /** Null where none was given. */
  readKey(): string | null
  /** Told when the server wants a key, or another one. */
  onKeyWanted(): void
}

/** The server that this page came from. */
export class Server {
  /** Set once the key was refused: asking again and again would look like somebody who tries keys. */
  private refusal: Refusal | null = null

  constructor(private readonly options: ServerOptions) {}

  /**
   * The body of its answer, taken to be what its schema says; null where there is none.
   * @throws Refusal, or what `fetch` throws when there is no answer
   */
  async request<T>(path: string, { method = 'GET', json, signal }: Call = {}): Promise<T> {
    if (this.refusal) throw this.refusal
    const key = this.options.readKey()
    const response = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(signal && { signal }),
    })
    const text = await response.text()
    if (response.ok) return JSON.parse(text || 'null')
    const refusal = new Refusal(response.status, problemOf(response, text))
    if (response.status === 401) {
      this.refusal = refusal
      this.options.onKeyWanted()
    }
    throw refusal
  }
}

function problemOf(response: Response, text: string): Problem | null {
  const type = response.headers.get('content-type') ?? ''
  return type.startsWith('application/problem+json') ? JSON.parse(text) : null
}

/** A URL of the API as this page reaches it: the server may know itself by another name. */
export function pathOfUrl(url: string): string {
  const { pathname, search } = new URL(url, location.href)
  return pathname + search
}

/** What to tell people of a call that failed. */
export function explain(error: unknown): string {
  if (error instanceof Refusal) return error.message
  return 'The server does not answer.'
}
