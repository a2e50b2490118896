import { readFileSync } from 'node:fs'

const intervalMs = 100
/** An idle process is looked at in one of so many turns: looking costs its worker more than it costs the process. */
const idleTurns = 10

interface MemoryWatch {
  pid: number
  /** Whether it has work under way. */
  isBusy: () => boolean
  limitBytes: () => number
  /** Called once. */
  onExceeded: (bytes: number, limitBytes: number) => void
}

/**
 * Looks every 100 ms, every second at an idle process, how much memory it holds, native memory included. Gives a
 * function that ends the watch. Does nothing where there is no `/proc`.
 */
export function watchMemory({ pid, isBusy, limitBytes, onExceeded }: MemoryWatch): () => void {
  let turn = 0
  const timer = setInterval(() => {
    if (++turn % idleTurns !== 0 && !isBusy()) return
    const bytes = readMemoryBytes(pid)
    const limit = limitBytes()
    if (bytes !== undefined && bytes <= limit) return
    clearInterval(timer)
    if (bytes !== undefined) onExceeded(bytes, limit)
  }, intervalMs)
  timer.unref()
  return () => clearInterval(timer)
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
