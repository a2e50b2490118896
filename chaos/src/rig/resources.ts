import { readdirSync, readFileSync } from 'node:fs'
import { childrenOf } from '@augur/test-support/test-stack'

export interface Resources {
  rssBytes: number
  descriptors: number
  children: number
}

/** What a process holds now, by the kernel's tables; null when it is gone. Linux only. */
export function readResources(pid: number): Resources | null {
  try {
    const rssKb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return {
      rssBytes: Number(rssKb ?? 0) * 1024,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      children: childrenOf(pid).length,
    }
  } catch {
    return null
  }
}
