import { resolve } from 'node:path'
import { isKeyNeeded } from '@augur/core/access/is-key-needed'
import { exampleCommand, readyMessage } from '../ready-message.js'
import { type Stack, type StackConfig, startStack } from '../start-stack.js'
import { listenForStopSignals } from '../stop-signals.js'

function sayWhereEverythingIs(stack: Stack, { settings, root, output }: StackConfig): void {
  const modelsDir = resolve(root, settings.AUGUR_MODELS_DIR)
  const example = exampleCommand(stack.apiUrl, modelsDir, isKeyNeeded(settings))
  output.line(readyMessage(stack, resolve(root, settings.AUGUR_DATA_DIR), example))
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((settle) => signal.addEventListener('abort', settle, { once: true }))
}

/**
 * Brings everything up, says where it is, and stays until a signal asks to stop; a second one kills.
 * Returns the exit code.
 * @throws StartupError when it cannot start.
 */
export async function runUp(config: Omit<StackConfig, 'signal'>): Promise<number> {
  const signals = listenForStopSignals()
  let stack: Stack | undefined
  // Before all is up there is nothing to lose: what was started notices that its launcher is gone.
  signals.second.addEventListener('abort', () => (stack ? stack.kill() : process.exit(130)))
  try {
    stack = await startStack({ ...config, signal: signals.first })
    sayWhereEverythingIs(stack, config)
    await untilAborted(AbortSignal.any([signals.first, stack.failed]))
    if (stack.failed.aborted) config.output.error(String(stack.failed.reason.message))
    config.output.line('Stopping.')
    const exitCode = signals.first.aborted ? 0 : 1
    await stack.stop()
    return exitCode
  } catch (error) {
    // Stopped before it was up: that is what was asked for.
    if (signals.first.aborted && error === signals.first.reason) return 0
    throw error
  } finally {
    signals.dispose()
  }
}
