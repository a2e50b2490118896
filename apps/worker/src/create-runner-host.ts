import type { Logger } from '@augur/core/telemetry/logger'
import { findDeathSignalCommand } from '@augur/inference/runner/death-signal'
import { RunnerHost } from '@augur/inference/runner-host'
import type { WorkerSettings } from './config.js'

/** The runners of this worker, as its settings want them. A setting of 0 leaves the choice to the host. */
export function createRunnerHost(settings: WorkerSettings, logger: Logger): RunnerHost {
  const { AUGUR_MAX_RUNNERS: maxRunners, AUGUR_RUNNER_MEMORY_MB: memoryMb } = settings
  return new RunnerHost({
    ...(maxRunners > 0 && { maxRunners }),
    runner: {
      logger,
      launcher: findDeathSignalCommand(),
      environment: deviceEnvironment(settings),
      providers: settings.AUGUR_EXECUTION_PROVIDERS,
      maxImagePixels: settings.AUGUR_MAX_IMAGE_PIXELS,
      maxOldSpaceMb: settings.AUGUR_RUNNER_HEAP_MB,
      ...(memoryMb > 0 && { memoryLimitBytes: memoryMb * 1024 ** 2 }),
    },
  })
}

/** All that a runner's environment holds: where the libraries of its device are, and which devices it may see. */
function deviceEnvironment(settings: WorkerSettings): Record<string, string> {
  const { AUGUR_RUNNER_LIBRARY_PATH: libraries, AUGUR_CUDA_DEVICES: devices } = settings
  return {
    ...(libraries && { LD_LIBRARY_PATH: libraries }),
    ...(devices && { CUDA_VISIBLE_DEVICES: devices }),
  }
}
