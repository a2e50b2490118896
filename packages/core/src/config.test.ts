import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConfigError, readEnvironment, secretsOf } from './config.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'augur-config-'))
  writeFileSync(join(folder, '.env'), 'AUGUR_API_KEY=\nPORT=8000\n')
  writeFileSync(join(folder, 'key'), 'a-key-of-a-mounted-file\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

test('a secret is read from the file that <name>_FILE names, without the end of its line', () => {
  const env = readEnvironment({ AUGUR_API_KEY_FILE: 'key' }, folder)
  expect(env).toMatchObject({ AUGUR_API_KEY: 'a-key-of-a-mounted-file', PORT: '8000' })
})

test('a value that is set wins over its file', () => {
  const env = readEnvironment({ AUGUR_API_KEY: 'set', AUGUR_API_KEY_FILE: 'nowhere' }, folder)
  expect(env.AUGUR_API_KEY).toBe('set')
})

test('a file that cannot be read is named, and only secrets are read from files', () => {
  expect(() => readEnvironment({ REDIS_URL_FILE: 'nowhere' }, folder)).toThrow(ConfigError)
  expect(readEnvironment({ PORT_FILE: 'key' }, folder).PORT).toBe('8000')
})

test('the password of a URL is a secret, as it is written there and as it is sent', () => {
  expect(secretsOf({ REDIS_URL: 'rediss://api:p%40ss@h:1' })).toEqual(['p%40ss', 'p@ss'])
  expect(secretsOf({ REDIS_URL: 'redis://127.0.0.1:6379' })).toEqual([])
})
