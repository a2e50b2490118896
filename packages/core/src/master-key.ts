import { randomBytes } from 'node:crypto'
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ConfigError } from './config.js'
import { errnoOf } from './errno.js'

const minLength = 32

function toKey(text: string, source: string): Buffer {
  if (text.length < minLength) throw new ConfigError(`${source} must hold at least ${minLength} characters`)
  return Buffer.from(text)
}

async function readKeyFile(path: string): Promise<Buffer | null> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null
    throw new ConfigError(`${path} cannot be read (${errnoOf(error) ?? 'unknown error'})`)
  })
  if (file === null) return null
  try {
    const mode = (await file.stat()).mode & 0o777
    if (mode & 0o077) {
      throw new ConfigError(
        `${path} is open to other users (mode ${mode.toString(8)}): run chmod 600 ${path}`,
      )
    }
    return toKey((await file.readFile('utf8')).trim(), path)
  } finally {
    await file.close()
  }
}

async function writeTemporaryKey(path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(`${randomBytes(32).toString('hex')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
}

// The file appears whole or not at all, and the first process to link it wins: the others read what it wrote.
async function createKeyFile(path: string): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  await writeTemporaryKey(temporary)
  try {
    await link(temporary, path)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  } finally {
    await unlink(temporary)
  }
}

/**
 * The key that secrets are derived from: `given` (AUGUR_MASTER_KEY), else what `<dataDir>/master.key` holds, which is
 * made on first use. Either way its bytes are those of the text, so that the file's text can be given to other hosts.
 * @throws ConfigError when the key is too short, or its file cannot be read or is open to other users.
 */
export async function readMasterKey({
  given,
  dataDir,
}: {
  given?: string | undefined
  dataDir: string
}): Promise<Buffer> {
  if (given) return toKey(given, 'AUGUR_MASTER_KEY')
  const path = join(dataDir, 'master.key')
  const existing = await readKeyFile(path)
  if (existing) return existing
  await mkdir(dataDir, { recursive: true })
  await createKeyFile(path)
  const created = await readKeyFile(path)
  if (created === null) throw new ConfigError(`${path} was removed while it was made`)
  return created
}

/** Settings with the master key among them, wherever it was kept: who knows all secrets by their value lets none out. */
export async function withMasterKey<
  S extends { AUGUR_MASTER_KEY?: string | undefined; AUGUR_DATA_DIR: string },
>(settings: S): Promise<S & { AUGUR_MASTER_KEY: string }> {
  const { AUGUR_MASTER_KEY: given, AUGUR_DATA_DIR } = settings
  const key = await readMasterKey({ given, dataDir: resolve(AUGUR_DATA_DIR) })
  return { ...settings, AUGUR_MASTER_KEY: key.toString() }
}
