import { setTimeout as delay } from 'node:timers/promises'
import { cpuSecondsOf, peakBytesOf, readProcesses } from './cpu.js'
import { type CommandUse, commandsBetween, type RedisObserver } from './redis-commands.js'
import type { System } from './system.js'

export type Role = 'redis' | 'api' | 'worker'

/** What some work cost a system, over all of its processes. */
export interface Cost {
  cpuSeconds: Record<Role, number>
  commands: CommandUse
  /** Since the processes started. */
  peakBytes: number
}

// After the last answer jobs are still acknowledged and removed: that belongs to the work.
const settleMs = 500

/** Does some work that loads a system, and says what it cost that system. */
export async function measureCost<T>(
  system: Pick<System, 'processes'>,
  redis: RedisObserver,
  work: () => Promise<T>,
): Promise<{ result: T; cost: Cost }> {
  const { pid } = await redis.identify()
  const processes = (): RoleProcess[] => [{ name: 'redis', pid }, ...system.processes()]
  const commandsBefore = await redis.readCommands()
  const cpuBefore = readCpu(processes())
  const result = await work()
  await delay(settleMs)
  const cpuAfter = readCpu(processes())
  const commands = commandsBetween(commandsBefore, await redis.readCommands())
  const difference = (role: Role) => cpuAfter[role] - cpuBefore[role]
  const cpuSeconds = { redis: difference('redis'), api: difference('api'), worker: difference('worker') }
  return { result, cost: { cpuSeconds, commands, peakBytes: readPeak(processes()) } }
}

/** CPU milliseconds of all of its processes for each of so many predictions. */
export function cpuMsEach({ cpuSeconds: { redis, api, worker } }: Cost, count: number): number {
  return (1000 * (redis + api + worker)) / count
}

interface RoleProcess {
  name: Role
  pid: number
}

function readCpu(processes: readonly RoleProcess[]): Record<Role, number> {
  const seconds = { redis: 0, api: 0, worker: 0 }
  const all = readProcesses()
  for (const { name, pid } of processes) seconds[name] += cpuSecondsOf(pid, all)
  return seconds
}

function readPeak(processes: readonly RoleProcess[]): number {
  const all = readProcesses()
  return processes.reduce((sum, { pid }) => sum + peakBytesOf(pid, all), 0)
}
