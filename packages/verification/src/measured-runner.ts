import type { LocalVersion } from '@augur/core/models/version'
import { LoadError } from '@augur/inference/runner/load-error'
import type { ItemResult, RunInput, Served } from '@augur/inference/runner/protocol'
import { type Runner, startRunner } from '@augur/inference/runner/runner'
import { cpuSecondsOf, peakResidentBytesOf } from './cost/process-usage.js'
import { VerificationError } from './verification-error.js'

/** What came of a micro-batch. */
export interface MeasuredRun {
  /** In the order of the inputs; null for each that failed. */
  outputs: (string | null)[]
  /** From handing the inputs to the runner until the answers were here. */
  wallMs: number
}

/** One version in a runner of its own, the same that serves it in a worker. It is started anew when it dies. */
export class MeasuredRunner {
  private constructor(
    readonly version: LocalVersion,
    private runner: Runner,
    readonly served: Served,
    readonly loadMs: number,
  ) {}

  /** @throws VerificationError when the version does not load */
  static async open(version: LocalVersion): Promise<MeasuredRunner> {
    const startedAt = performance.now()
    const runner = startRunner()
    const served = await load(runner, version)
    return new MeasuredRunner(version, runner, served, performance.now() - startedAt)
  }

  /** Runs inputs as one micro-batch. When it takes the runner with it, all of its inputs count as failed. */
  async run(inputs: RunInput[]): Promise<MeasuredRun> {
    const { id, manifest } = this.version
    const timeoutMs = manifest.serving.timeoutSeconds * 1000
    const startedAt = performance.now()
    const outcome = await this.runner.run(id, inputs, { timeoutMs })
    const wallMs = performance.now() - startedAt
    if (outcome.kind === 'ran') return { outputs: outcome.results.map(outputOf), wallMs }
    await this.restart()
    return { outputs: inputs.map(() => null), wallMs }
  }

  async cpuSeconds(): Promise<number | null> {
    return this.runner.pid === undefined ? null : cpuSecondsOf(this.runner.pid)
  }

  async peakResidentBytes(): Promise<number | null> {
    return this.runner.pid === undefined ? null : peakResidentBytesOf(this.runner.pid)
  }

  async close(): Promise<void> {
    await this.runner.stop()
  }

  private async restart(): Promise<void> {
    await this.runner.stop()
    this.runner = startRunner()
    await load(this.runner, this.version)
  }
}

const outputOf = (result: ItemResult) => (result.ok ? result.output : null)

async function load(runner: Runner, version: LocalVersion): Promise<Served> {
  try {
    return await runner.load(version)
  } catch (error) {
    await runner.stop()
    if (!(error instanceof LoadError)) throw error
    throw new VerificationError(`${version.model}:${version.label} does not load: ${error.message}`)
  }
}
