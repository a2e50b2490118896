import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const script = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url))
let root: string

const write = (path: string, text: string, mode = 0o644) => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  chmodSync(join(root, path), mode)
}

/** A checkout whose npm and turbo only note that they ran, and leave what the real ones would. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'augur-bootstrap-'))
  write('scripts/bootstrap.mjs', '')
  copyFileSync(script, join(root, 'scripts/bootstrap.mjs'))
  write('scripts/copy-lua.mjs', '')
  for (const file of ['package.json', 'tsconfig.base.json', 'turbo.json', 'package-lock.json'])
    write(file, '{}')
  for (const folder of ['packages/core', 'apps/cli', 'bench']) {
    for (const file of ['package.json', 'tsconfig.json', 'src/main.ts']) write(`${folder}/${file}`, '{}')
  }
  const turbo = `#!/bin/sh
echo build >> log
mkdir -p packages/core/dist apps/cli/dist bench/dist
echo 'console.log("ran", ...process.argv.slice(2)); process.exitCode = 7' > apps/cli/dist/main.js
`
  const npm = `#!/bin/sh
echo install >> log
mkdir -p node_modules/.bin
cp tools/turbo node_modules/.bin/turbo
`
  write('tools/turbo', turbo, 0o755)
  write('tools/npm', npm, 0o755)
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

const environment = () => ({ ...process.env, PATH: `${join(root, 'tools')}:${process.env.PATH}` })
const start = (...args: string[]) =>
  spawnSync(process.execPath, ['scripts/bootstrap.mjs', ...args], {
    cwd: root,
    env: environment(),
    encoding: 'utf8',
  })

/** What one more start did, in order. */
function work(): string[] {
  rmSync(join(root, 'log'), { force: true })
  const { status, stderr } = start('up')
  expect({ status, stderr }).toEqual({ status: 7, stderr: '' })
  return existsSync(join(root, 'log')) ? readFileSync(join(root, 'log'), 'utf8').trim().split('\n') : []
}

test('a fresh clone installs, builds and runs the command, whose exit code is passed on', () => {
  const { status, stdout } = start('up', '--help')
  expect(status).toBe(7)
  expect(stdout.trim().split('\n').at(-1)).toBe('ran up --help')
  expect(readFileSync(join(root, 'log'), 'utf8')).toBe('install\nbuild\n')
})

test('arguments of the command line tool reach it as they are', () => {
  const { status, stdout } = start('augur', 'keys', 'list', '--json')
  expect(status).toBe(7)
  expect(stdout.trim().split('\n').at(-1)).toBe('ran keys list --json')
})

test('a second start installs and builds nothing', () => {
  work()
  expect(work()).toEqual([])
})

test('a changed source is built again, a changed test is not', () => {
  work()
  write('packages/core/src/main.test.ts', 'changed')
  expect(work()).toEqual([])
  write('packages/core/src/main.ts', 'changed')
  expect(work()).toEqual(['build'])
})

test('what was built and is gone is built again', () => {
  work()
  rmSync(join(root, 'packages/core/dist'), { recursive: true })
  expect(work()).toEqual(['build'])
})

test('a changed lock file is installed again', () => {
  work()
  write('package-lock.json', '{"changed": true}')
  expect(work()).toContain('install')
})

test('an installation by hand is trusted as long as it is newer than the lock file', () => {
  work()
  rmSync(join(root, 'node_modules/.augur-install'))
  write('node_modules/.package-lock.json', '{}')
  expect(work()).toEqual([])
  rmSync(join(root, 'node_modules/.augur-install'))
  utimesSync(join(root, 'node_modules/.package-lock.json'), 0, 0)
  expect(work()).toContain('install')
})

test('a failed installation ends the start with its exit code and leaves no lock', () => {
  write('tools/npm', '#!/bin/sh\nexit 3\n', 0o755)
  expect(start('up').status).toBe(3)
  expect(existsSync(join(root, '.augur/bootstrap.lock'))).toBe(false)
})

test('the lock of a dead process does not stand in the way', () => {
  write('.augur/bootstrap.lock/pid', '4194304')
  expect(work()).toEqual(['install', 'build'])
})

test('of two starts at once only one installs', async () => {
  const children = [1, 2].map(() =>
    spawn(process.execPath, ['scripts/bootstrap.mjs', 'up'], {
      cwd: root,
      env: environment(),
      stdio: 'ignore',
    }),
  )
  await Promise.all(children.map((child) => once(child, 'exit')))
  expect(readFileSync(join(root, 'log'), 'utf8')).toBe('install\nbuild\n')
})

test('checks run in order and the first that fails ends them with its exit code', () => {
  work()
  for (const name of ['biome', 'oxlint'])
    write(`node_modules/.bin/${name}`, `#!/bin/sh\necho ${name} >> log\n`, 0o755)
  write('node_modules/.bin/tsc', '#!/bin/sh\necho tsc >> log\nexit 5\n', 0o755)
  write('node_modules/.bin/vitest', '#!/bin/sh\necho vitest "$@" >> log\n', 0o755)
  rmSync(join(root, 'log'))
  const failed = start('test', 'name')
  write('node_modules/.bin/tsc', '#!/bin/sh\necho tsc >> log\n', 0o755)
  const passed = start('test', 'name')
  expect([failed.status, passed.status]).toEqual([5, 0])
  const log = readFileSync(join(root, 'log'), 'utf8').trim().split('\n')
  expect(log).toEqual(['biome', 'oxlint', 'tsc', 'biome', 'oxlint', 'tsc', 'vitest run name'])
})

test('an unknown command is refused before anything is installed', () => {
  expect(start('sideways').status).toBe(2)
  expect(existsSync(join(root, 'log'))).toBe(false)
})
