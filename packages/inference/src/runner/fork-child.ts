import { type ChildProcess, fork } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Starts a runner's process. It inherits nothing from the environment: models have no business with its secrets. */
export function forkChild(maxOldSpaceMb: number | undefined): ChildProcess {
  const isSource = import.meta.url.endsWith('.ts')
  const entry = fileURLToPath(new URL(isSource ? './child.ts' : './child.js', import.meta.url))
  const execArgv = isSource ? ['--import', 'tsx'] : []
  if (maxOldSpaceMb !== undefined) execArgv.push(`--max-old-space-size=${maxOldSpaceMb}`)
  return fork(entry, {
    cwd: dirname(entry),
    env: {},
    execArgv,
    // Strings of the inputs and outputs are copied as they are, not escaped into JSON.
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
}
