import type { Result, Router } from 'hono/router'
import { RegExpRouter } from 'hono/router/reg-exp-router'
import { SmartRouter } from 'hono/router/smart-router'
import { TrieRouter } from 'hono/router/trie-router'

/**
 * A router of its own for the paths below one prefix. Hono's fast router takes no paths such as `/:a/ready` beside
 * `/:b/:c`, and one of them would make every route of the app slow: outside the prefix such a path is an error.
 */
export class SplitRouter<T> implements Router<T> {
  readonly name = 'SplitRouter'
  private readonly inside = new SmartRouter<T>({ routers: [new RegExpRouter(), new TrieRouter()] })
  private readonly outside = new RegExpRouter<T>()

  /** @param prefix without a slash at its end, for example `/v2` */
  constructor(private readonly prefix: string) {}

  add(method: string, path: string, handler: T): void {
    const isInside = this.holds(path)
    if (isInside || path.startsWith('/*') || path === '*') this.inside.add(method, path, handler)
    if (!isInside) this.outside.add(method, path, handler)
  }

  match(method: string, path: string): Result<T> {
    return (this.holds(path) ? this.inside : this.outside).match(method, path)
  }

  private holds(path: string): boolean {
    return (
      path.startsWith(this.prefix) && (path.length === this.prefix.length || path[this.prefix.length] === '/')
    )
  }
}
