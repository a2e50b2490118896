import { spawnSync } from 'node:child_process'

const candidates = ['/usr/bin/setpriv', '/bin/setpriv']

/**
 * A command that starts another one so that the kernel kills it when its parent ends, however that ends: util-linux's
 * `setpriv`, which needs no privilege. Empty where there is none (other systems, BusyBox): a runner that is stuck in
 * native code then outlives a killed worker until its run ends.
 */
export function findDeathSignalCommand(): string[] {
  for (const path of candidates) {
    const command = [path, '--pdeathsig', 'KILL', '--']
    const [program = path, ...args] = command
    // Tried on itself: BusyBox has a `setpriv` that knows no such option.
    if (spawnSync(program, [...args, path, '--version'], { stdio: 'ignore', env: {} }).status === 0)
      return command
  }
  return []
}
