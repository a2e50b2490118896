import { cpus } from 'node:os'

export interface CalmMachineOptions {
  /** Busy processors, in percent of all, from which on the machine is not calm; at 100 it always is. */
  maxCpuPercent: number
  readTimes?: () => CpuTimes
  now?: () => number
}

/** Time that all processors spent, since some time in the past. */
export interface CpuTimes {
  /** On anything that is not at low priority. */
  busy: number
  all: number
}

/** Shorter spans of time say little, as systems count in steps of 10 ms; in longer ones callers notice what runs. */
const leastSpanMs = 250
/** What was long ago says nothing of now. */
const longestSpanMs = 10_000

/** Tells whether the machine has processors to spare for what nobody waits for. */
export class CalmMachine {
  private last: (CpuTimes & { at: number }) | undefined
  private wasCalm = false

  constructor(private readonly options: CalmMachineOptions) {}

  isCalm(): boolean {
    const { readTimes = readCpuTimes, now = performance.now.bind(performance), maxCpuPercent } = this.options
    if (maxCpuPercent >= 100) return true
    const at = now()
    const { last } = this
    if (last && at - last.at < leastSpanMs) return this.wasCalm
    const times = readTimes()
    this.last = { ...times, at }
    const isRecent = last !== undefined && at - last.at <= longestSpanMs
    this.wasCalm = isRecent && (times.busy - last.busy) / (times.all - last.all) < maxCpuPercent / 100
    return this.wasCalm
  }
}

function readCpuTimes(): CpuTimes {
  let busy = 0
  let all = 0
  for (const { times } of cpus()) {
    busy += times.user + times.sys + times.irq
    all += times.user + times.sys + times.irq + times.nice + times.idle
  }
  return { busy, all }
}
