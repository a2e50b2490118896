// One server per data folder: two of them would overwrite each other's append-only file.
import { readFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { errnoOf } from '../errno.js'
import { StartupError } from '../startup-error.js'

export interface DataDirLock {
  /** Names the process that uses the folder from now on; until then it is the one that took the lock. */
  heldBy(pid: number): Promise<void>
  release(): Promise<void>
}

// A server whose launcher was just killed is still writing its last second to disk.
const waitForOwnerMs = 2000

/** Whether `pid` runs and can be a server or a launcher: after a reboot the number may belong to anything. */
function isOwner(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return errnoOf(error) === 'EPERM'
  }
  try {
    return /redis|valkey|node/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  } catch {
    return true
  }
}

async function readOwner(pidFile: string): Promise<number | undefined> {
  const text = await readFile(pidFile, 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  return pid > 0 && isOwner(pid) ? pid : undefined
}

async function create(pidFile: string): Promise<boolean> {
  try {
    await writeFile(pidFile, `${process.pid}\n`, { flag: 'wx' })
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Takes the folder that `pidFile` lies in. A file left by a dead process is replaced.
 * @throws StartupError that names the process which has it.
 */
export async function lockDataDir(pidFile: string): Promise<DataDirLock> {
  const deadline = Date.now() + waitForOwnerMs
  while (!(await create(pidFile))) {
    const owner = await readOwner(pidFile)
    if (owner === undefined) await rm(pidFile, { force: true })
    else if (Date.now() < deadline) await delay(100)
    else
      throw new StartupError(
        `Process ${owner} already uses the Redis data of ${pidFile}. Stop it, or set AUGUR_DATA_DIR.`,
      )
  }
  return {
    heldBy: (pid) => writeFile(pidFile, `${pid}\n`),
    release: () => rm(pidFile, { force: true }),
  }
}
