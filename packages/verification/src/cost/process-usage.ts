import { readFile } from 'node:fs/promises'

/** Clock ticks of a second in /proc; the same on every Linux that Node.js runs on. */
const ticksPerSecond = 100

/** CPU seconds that a process used so far, its threads included; null where /proc does not tell. */
export async function cpuSecondsOf(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  // The name of the program, in parentheses, may hold spaces: fields are counted from behind it.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [Number(fields?.[11]), Number(fields?.[12])]
  return Number.isFinite(user + system) ? (user + system) / ticksPerSecond : null
}

/** Most memory that a process held so far, in bytes; null where /proc does not tell. */
export async function peakResidentBytesOf(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null)
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(text ?? '')?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}
