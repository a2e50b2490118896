import { readFileSync } from 'node:fs'

/** An idle process is looked at less: looking costs its worker more than it costs the process. */
const lookEveryMs = { busy: 100, idle: 1000 }

interface MemoryWatchOptions {
  pid: number
  /** Whether it has work under way. */
  isBusy: () => boolean
  limitBytes: () => number
  /** Called once. */
  onExceeded: (bytes: number, limitBytes: number) => void
}

/** Looks every 100 ms, every second at an idle process, how much memory it holds, native memory included. */
export class MemoryWatch {
  private timer: NodeJS.Timeout
  private isIdle = true
  private hasEnded = false

  constructor(private readonly options: MemoryWatchOptions) {
    this.timer = this.schedule()
  }

  /** It has work from now on. */
  wake(): void {
    if (!this.isIdle || this.hasEnded) return
    clearTimeout(this.timer)
    this.timer = this.schedule()
  }

  end(): void {
    this.hasEnded = true
    clearTimeout(this.timer)
  }

  private schedule(): NodeJS.Timeout {
    this.isIdle = !this.options.isBusy()
    return setTimeout(() => this.look(), this.isIdle ? lookEveryMs.idle : lookEveryMs.busy).unref()
  }

  /** Ends with the process, and where there is no `/proc`. */
  private look(): void {
    const { pid, limitBytes, onExceeded } = this.options
    const bytes = readMemoryBytes(pid)
    const limit = limitBytes()
    if (bytes !== undefined && bytes <= limit) {
      this.timer = this.schedule()
      return
    }
    this.end()
    if (bytes !== undefined) onExceeded(bytes, limit)
  }
}

/**
 * What a process holds that nobody else can give back: not the files that it maps, which the kernel drops when it
 * needs their room. Undefined when the process is gone, or without `/proc`.
 */
export function readMemoryBytes(pid: number): number | undefined {
  let status: string
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1')
  } catch {
    return undefined
  }
  const lines = status.matchAll(/^(?:RssAnon|RssShmem|VmSwap):\s+(\d+) kB$/gm)
  return [...lines].reduce((sum, [, kib]) => sum + Number(kib) * 1024, 0)
}
