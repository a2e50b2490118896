import { type ChildProcess, fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

// Always the built one, also where tests run this very file as a source: it starts in a third of the time.
const isSource = import.meta.url.endsWith('.ts')
const entry = fileURLToPath(new URL(isSource ? '../../dist/runner/child.js' : './child.js', import.meta.url))

export interface ForkOptions {
  /** Limit of the JavaScript heap, in MiB; tensors and native memory are outside it. */
  maxOldSpaceMb?: number
  /** A command that the process is started through, such as that of `findDeathSignalCommand`. */
  launcher?: readonly string[]
  /** The whole environment of the process. Empty by default: models have no business with its parent's secrets. */
  environment?: Readonly<Record<string, string>>
  /** Whether it gets only what processor time nobody else wants. */
  lowPriority?: boolean
}

/** Starts a runner's process. It inherits no environment and no open files. */
export function forkChild(options: ForkOptions): ChildProcess {
  const { maxOldSpaceMb, launcher = [], environment = {}, lowPriority = false } = options
  const nodeArgs = maxOldSpaceMb === undefined ? [] : [`--max-old-space-size=${maxOldSpaceMb}`]
  const [command, ...args] = [...launcher, process.execPath]
  const child = fork(entry, {
    cwd: dirname(entry),
    env: { ...environment },
    execPath: command,
    execArgv: [...args, ...nodeArgs],
    // Strings of the inputs and outputs are copied as they are, not escaped into JSON.
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  if (child.pid !== undefined) offerToOutOfMemoryKiller(child.pid)
  // At once: its threads inherit it.
  if (child.pid !== undefined && lowPriority) lowerPriority(child.pid)
  return child
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // The process has ended already.
  }
}

/** When the machine itself runs out of memory, the kernel shall end a runner rather than a worker or Redis. */
function offerToOutOfMemoryKiller(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000')
  } catch {
    // No Linux, or the process has ended already.
  }
}
