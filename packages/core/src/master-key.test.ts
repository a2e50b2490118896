import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError, secretsOf } from './config.js'
import { readMasterKey, withMasterKey } from './master-key.js'

let dataDir: string
beforeEach(async () => {
  dataDir = join(await mkdtemp(join(tmpdir(), 'augur-key-')), 'data')
})
afterEach(() => rm(join(dataDir, '..'), { recursive: true, force: true }))

const keyPath = () => join(dataDir, 'master.key')

describe('readMasterKey', () => {
  it('takes the given key as its UTF-8 bytes and writes no file', async () => {
    const given = 'ünïcode-master-key-of-enough-length'
    expect(await readMasterKey({ given, dataDir })).toEqual(Buffer.from(given))
    await expect(stat(dataDir)).rejects.toThrow('ENOENT')
  })

  it('refuses a given key of fewer than 32 characters', async () => {
    await expect(readMasterKey({ given: 'x'.repeat(31), dataDir })).rejects.toThrow(ConfigError)
  })

  it('makes a key that only its owner can read, once', async () => {
    const key = await readMasterKey({ dataDir })
    expect(key.toString()).toMatch(/^[0-9a-f]{64}$/)
    expect((await stat(keyPath())).mode & 0o777).toBe(0o600)
    expect(await readMasterKey({ dataDir })).toEqual(key)
    expect(await readdir(dataDir)).toEqual(['master.key'])
  })

  it('is among the secrets that are cut out of logs also where only its file has it', async () => {
    const settings = await withMasterKey({ AUGUR_DATA_DIR: dataDir })
    expect(secretsOf(settings)).toEqual([(await readMasterKey({ dataDir })).toString()])
  })

  it('gives the same key to a host that is given the text of the file', async () => {
    const key = await readMasterKey({ dataDir })
    const given = (await readFile(keyPath(), 'utf8')).trim()
    expect(await readMasterKey({ given, dataDir: '/nowhere' })).toEqual(key)
  })

  it('gives one key to all who start at once', async () => {
    const keys = await Promise.all(Array.from({ length: 50 }, () => readMasterKey({ dataDir })))
    expect(new Set(keys.map(String)).size).toBe(1)
    expect(await readdir(dataDir)).toEqual(['master.key'])
  })

  it.each([0o640, 0o604, 0o644, 0o660])('refuses a file of mode %o and says how to mend it', async (mode) => {
    await readMasterKey({ dataDir })
    await chmod(keyPath(), mode)
    await expect(readMasterKey({ dataDir })).rejects.toThrow(`run chmod 600 ${keyPath()}`)
  })

  it.each(['', 'short\n'])('refuses a file that holds %j rather than make a new key', async (text) => {
    await readMasterKey({ dataDir })
    await writeFile(keyPath(), text)
    await expect(readMasterKey({ dataDir })).rejects.toThrow('at least 32 characters')
  })
})
