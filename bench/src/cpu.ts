// What processes cost, read from /proc: it also knows of children that have ended, and of programs that are not Node.
import { readdirSync, readFileSync } from 'node:fs'

// USER_HZ, which Linux fixes at 100 on every architecture that Node runs on.
const ticksPerSecond = 100

export interface ProcessStat {
  pid: number
  parent: number
  /** User and system time of the process and of its children that have ended. */
  cpuSeconds: number
}

/** Parses `/proc/<pid>/stat`. The program's name stands in brackets and may hold any character. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return {
    pid: Number.parseInt(text, 10),
    parent: Number(fields[1]),
    cpuSeconds: ticks / ticksPerSecond,
  }
}

/** A process and everything that descends from it. */
export function treeOf(root: number, processes: readonly ProcessStat[]): ProcessStat[] {
  const own = processes.filter(({ pid }) => pid === root)
  const children = processes.filter(({ parent }) => parent === root)
  return [...own, ...children.flatMap(({ pid }) => treeOf(pid, processes))]
}

export function readProcesses(): ProcessStat[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    const text = readIfThere(`/proc/${pid}/stat`)
    return text === '' ? [] : [parseStat(text)]
  })
}

/** CPU seconds that a process and its descendants have used so far. */
export function cpuSecondsOf(root: number, processes: readonly ProcessStat[]): number {
  return treeOf(root, processes).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
}

/** The most resident memory that a process and its descendants each had so far, added up. */
export function peakBytesOf(root: number, processes: readonly ProcessStat[]): number {
  return sumOfStatus('VmHWM', root, processes)
}

/** Resident memory of a process and its descendants, added up. */
export function residentBytesOf(root: number, processes: readonly ProcessStat[]): number {
  return sumOfStatus('VmRSS', root, processes)
}

/** Resident memory of one process with its share of the pages that others map as well, such as those of programs. */
export function proportionalBytesOf(pid: number): number {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec(readIfThere(`/proc/${pid}/smaps_rollup`)) ?? []
  return Number(kilobytes ?? 0) * 1024
}

function sumOfStatus(field: string, root: number, processes: readonly ProcessStat[]): number {
  const pattern = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm')
  return treeOf(root, processes).reduce((sum, { pid }) => {
    const [, kilobytes] = pattern.exec(readIfThere(`/proc/${pid}/status`)) ?? []
    return sum + Number(kilobytes ?? 0) * 1024
  }, 0)
}

/** Empty for a process that has just ended. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
