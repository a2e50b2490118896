import type { VersionId } from '@augur/core/models/version'
import type { Runner } from './runner/runner.js'

/** A runner for several versions. Its process is started when the first of them loads, and anew after each end. */
export class SharedRunner {
  /** Versions that have a berth here, loaded or not. */
  readonly versions = new Set<VersionId>()
  private runner: Runner | undefined

  constructor(private readonly start: () => Runner) {}

  /** The process to load into. A worn one takes nobody any more, and ends when the last version has moved on. */
  current(): Runner {
    if (!this.runner?.isAlive || this.runner.isWorn) this.runner = this.start()
    return this.runner
  }
}
