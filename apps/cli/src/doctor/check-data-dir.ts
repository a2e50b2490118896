import { mkdir, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from '@augur/core/errno'
import { type Finding, ok, problem, skipped, warning } from './finding.js'

const gib = 1024 ** 3
/** Redis writes its file anew beside the old one: it needs room for both. */
const scarceBytes = gib

/** Whether the data folder can be written to, has room, and keeps its key to itself. */
export async function checkDataDir(dir: string): Promise<Finding[]> {
  const probe = join(dir, `.doctor-${process.pid}`)
  try {
    await mkdir(dir, { recursive: true })
    await writeFile(probe, '')
    await rm(probe)
  } catch (error) {
    return [
      problem(
        'data folder',
        `${dir} cannot be written to (${errnoOf(error)})`,
        `sudo chown -R $USER ${dir}, or set AUGUR_DATA_DIR`,
      ),
    ]
  }
  return [ok('data folder', dir), await checkRoom(dir), await checkKey(join(dir, 'master.key'))]
}

async function checkRoom(dir: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(dir)
  const free = `${((bavail * bsize) / gib).toFixed(1)} GiB free`
  if (bavail * bsize >= scarceBytes) return ok('disk', free)
  return warning(
    'disk',
    `only ${free} at ${dir}`,
    'make room: Redis stops taking writes when its disk is full',
  )
}

async function checkKey(path: string): Promise<Finding> {
  const found = await stat(path).catch(() => null)
  if (!found) return skipped('master key', 'none yet: it is made with the first start')
  const mode = found.mode & 0o777
  if ((mode & 0o077) === 0) return ok('master key', path)
  return problem(
    'master key',
    `${path} is open to other users (mode ${mode.toString(8)})`,
    `chmod 600 ${path}`,
  )
}
