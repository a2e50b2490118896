import { type FSWatcher, watch } from 'node:fs'
import type { RepositoryScan, RepositoryScanner } from './repository-scanner.js'

export interface WatchOptions {
  dir: string
  scanner: RepositoryScanner
  /** Pause between two looks while nothing is heard of a change. */
  rescanMs: number
  /** Pause between the news of a change and the look, and between looks while something is being written. */
  debounceMs: number
  onScan(scan: RepositoryScan): void
  /** The repository could not be looked at; it is tried again. */
  onError(error: unknown): void
}

/**
 * Looks at the repository now, after every change that the system tells of, and from time to time, since not every file
 * system tells of all. Never two looks at a time.
 */
export class RepositoryWatch {
  private watcher: FSWatcher | undefined
  private timer: NodeJS.Timeout | undefined
  private dueAtMs = Number.POSITIVE_INFINITY
  private looking: Promise<void> | undefined
  private isDue = false
  private stopped = false

  constructor(private readonly options: WatchOptions) {}

  start(): void {
    this.looking = this.look()
  }

  /** Looks again at once, also into files that seem unchanged. */
  rescan(): void {
    this.options.scanner.forget()
    this.lookSoon(0)
  }

  /** A look under way, which may take long, comes to nothing. */
  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
    this.watcher?.close()
  }

  private lookSoon(delayMs: number): void {
    if (this.stopped) return
    if (this.looking) {
      this.isDue = true
      return
    }
    // News that keeps coming must not put the look off for ever.
    const dueAtMs = performance.now() + delayMs
    if (dueAtMs >= this.dueAtMs) return
    clearTimeout(this.timer)
    this.dueAtMs = dueAtMs
    this.timer = setTimeout(() => {
      this.looking = this.look()
    }, delayMs)
  }

  private async look(): Promise<void> {
    const { scanner, rescanMs, debounceMs, onScan, onError } = this.options
    this.dueAtMs = Number.POSITIVE_INFINITY
    this.isDue = false
    let nextMs = rescanMs
    try {
      // Before the look, so that what changes during it is heard of.
      this.watcher ??= this.listen()
      const scan = await scanner.scan()
      if (scan.unsettled.size > 0) nextMs = debounceMs
      if (!this.stopped) onScan(scan)
    } catch (error) {
      if (!this.stopped) onError(error)
    }
    this.looking = undefined
    this.lookSoon(this.isDue ? debounceMs : nextMs)
  }

  private listen(): FSWatcher | undefined {
    try {
      const watcher = watch(this.options.dir, { recursive: true }, () => this.heard())
      watcher.on('error', () => this.listenAnew(watcher))
      return watcher
    } catch {
      // No such folder, or nothing to watch with: looking from time to time has to do.
      return undefined
    }
  }

  /** A watcher stumbles over what vanishes while it looks. */
  private listenAnew(watcher: FSWatcher): void {
    watcher.close()
    if (this.watcher === watcher) this.watcher = undefined
    this.heard()
  }

  private heard(): void {
    this.lookSoon(this.options.debounceMs)
  }
}
