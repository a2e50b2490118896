import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export interface GpuUsage {
  /** 0 to 100, of the busiest GPU. */
  utilisation: number
  memoryBytes: number
}

const query = ['--query-gpu=utilization.gpu,memory.used', '--format=csv,noheader,nounits']
const answerWithinMs = 5000
const mib = 1024 ** 2

/** What the GPUs of this machine do now, as `nvidia-smi` tells; null where there is none. */
export async function readGpuUsage(): Promise<GpuUsage | null> {
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: answerWithinMs })
    return parseGpuUsage(stdout)
  } catch {
    return null
  }
}

/** Reads lines of `<percent>, <MiB>`, one for each GPU. */
export function parseGpuUsage(text: string): GpuUsage | null {
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.split(',').map((cell) => Number(cell.trim())))
    .filter(([utilisation, memory]) => Number.isFinite(utilisation) && Number.isFinite(memory))
  if (rows.length === 0) return null
  return {
    utilisation: Math.max(...rows.map(([utilisation = 0]) => utilisation)),
    memoryBytes: rows.reduce((sum, [, memory = 0]) => sum + memory * mib, 0),
  }
}
