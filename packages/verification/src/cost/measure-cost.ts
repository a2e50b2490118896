import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { LocalVersion } from '@augur/core/models/version'
import type { BatchCost, Cost } from '@augur/core/verification/verification'
import type { MeasuredRunner } from '../measured-runner.js'
import { readGpuUsage } from './gpu-usage.js'

interface Use {
  startedAt: number
  cpuSeconds: number | null
}

/** Watches what one runner uses of the machine while it works. */
export class UsageWatch {
  private readonly gpuSamples: number[] = []
  private gpuMemoryBytes: number | null = null
  private wallSeconds = 0
  private cpuSeconds: number | null = 0

  constructor(private readonly runner: MeasuredRunner) {}

  /** Runs `work`, which keeps the runner busy and nothing else. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const before = await this.read()
    try {
      return await work()
    } finally {
      const after = await this.read()
      this.wallSeconds += (after.startedAt - before.startedAt) / 1000
      this.cpuSeconds = added(this.cpuSeconds, before.cpuSeconds, after.cpuSeconds)
      await this.sampleGpu()
    }
  }

  async cost(batches: BatchCost[]): Promise<Cost> {
    const { version, served, loadMs } = this.runner
    const predictions = batches.reduce((sum, { microBatchSize, runs }) => sum + microBatchSize * runs, 0)
    return {
      loadMs,
      fileBytes: await fileBytesOf(version),
      peakResidentBytes: await this.runner.peakResidentBytes(),
      cpuCores: this.cpuSeconds === null ? null : this.cpuSeconds / this.wallSeconds,
      cpuMsPerPrediction: this.cpuSeconds === null ? null : (1000 * this.cpuSeconds) / predictions,
      gpuUtilisation: meanOf(this.gpuSamples),
      gpuMemoryBytes: this.gpuMemoryBytes,
      provider: served.provider,
      runtime: served.runtime,
      batches,
    }
  }

  private async read(): Promise<Use> {
    return { startedAt: performance.now(), cpuSeconds: await this.runner.cpuSeconds() }
  }

  /** A GPU that the version does not compute on says nothing about it. */
  private async sampleGpu(): Promise<void> {
    if (this.runner.served.provider === 'cpu') return
    const usage = await readGpuUsage()
    if (!usage) return
    this.gpuSamples.push(usage.utilisation)
    this.gpuMemoryBytes = Math.max(this.gpuMemoryBytes ?? 0, usage.memoryBytes)
  }
}

function added(sum: number | null, before: number | null, after: number | null): number | null {
  if (sum === null || before === null || after === null) return null
  // Less than before is that of another process: the runner was replaced meanwhile.
  return sum + Math.max(0, after - before)
}

const meanOf = (values: readonly number[]) =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

async function fileBytesOf({ folder, manifest }: LocalVersion): Promise<number> {
  const sizes = await Promise.all(
    manifest.files.map(async ({ path }) => (await stat(join(folder, path))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
