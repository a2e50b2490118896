import { readFileSync } from 'node:fs'

const intervalMs = 100

/**
 * Looks every 100 ms how much memory a process holds, native memory included, and calls `onExceeded` once when that is
 * more than `limitOf()` says. Gives a function that ends the watch. Does nothing where there is no `/proc`.
 */
export function watchMemory(
  pid: number,
  limitOf: () => number,
  onExceeded: (bytes: number, limitBytes: number) => void,
): () => void {
  const timer = setInterval(() => {
    const bytes = readMemoryBytes(pid)
    const limitBytes = limitOf()
    if (bytes !== undefined && bytes <= limitBytes) return
    clearInterval(timer)
    if (bytes !== undefined) onExceeded(bytes, limitBytes)
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
