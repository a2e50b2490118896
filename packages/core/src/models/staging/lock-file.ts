import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { errnoOf } from '../../errno.js'
import { randomToken } from '../../ids.js'

export interface FileLock {
  release(): Promise<void>
}

const renewMs = 1000
const staleMs = 6000

/**
 * Takes the lock at `path`, unless a living process on any machine has it: then undefined. It saves work, and is no
 * fence: a process that was halted for long can find that another has it too.
 */
export async function tryLockFile(path: string): Promise<FileLock | undefined> {
  const token = randomToken()
  if (!(await create(path, token))) {
    const stats = await stat(path).catch(() => undefined)
    if (stats && Date.now() - stats.mtimeMs < staleMs) return undefined
    await rm(path, { force: true })
    if (!(await create(path, token))) return undefined
  }
  const renewing = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => {})
  }, renewMs)
  renewing.unref()
  return {
    async release() {
      clearInterval(renewing)
      const owner = await readFile(path, 'utf8').catch(() => '')
      if (owner === token) await rm(path, { force: true })
    },
  }
}

async function create(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: 'wx' })
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}
