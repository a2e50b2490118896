import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { findDependencyFaults, floors, isAllowed, isBelow, type LockedPackages } from './dependencies.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8')
const { packages }: { packages: LockedPackages } = JSON.parse(read('package-lock.json'))
const good = { version: '1.0.0', license: 'MIT', integrity: 'sha512-' }
const faultsOf = (name: string, entry: object) =>
  findDependencyFaults({ [`node_modules/${name}`]: { ...good, ...entry } })

test('every dependency has a licence that we may deliver, a checksum, and no hole that is known', () => {
  expect(findDependencyFaults(packages)).toEqual([])
})

test('every floor is about a package that is there', () => {
  for (const name of Object.keys(floors)) expect(packages).toHaveProperty([`node_modules/${name}`])
})

test.each([
  [{ license: 'AGPL-3.0' }, 'has the licence AGPL-3.0'],
  [{ license: 'LGPL-3.0-or-later' }, 'has the licence LGPL-3.0-or-later'],
  [{ license: undefined }, 'names no licence'],
  [{ license: 'MPL-2.0' }, 'has the licence MPL-2.0'],
  [{ integrity: undefined }, 'has no checksum'],
  [{ resolved: 'https://registry.example/x.tgz' }, 'names a registry'],
  [{ hasInstallScript: true }, 'has an install script'],
])('a dependency with %j is found', (entry, fault) => {
  expect(faultsOf('some-package', entry)).toEqual([`some-package: ${fault}`])
})

test('a version below its floor is found, and a package that is not to be used', () => {
  expect(faultsOf('hono', { version: '4.13.4' })).toEqual(['hono: 4.13.4 is older than 4.13.5'])
  expect(faultsOf('ip', {})).toEqual(['ip: is not to be used'])
  expect(['1.9.9', '1.10.0-rc.1', '2.0.0'].map((version) => isBelow(version, '1.10.0'))).toEqual([
    true,
    false,
    false,
  ])
})

test('of several licences one is enough, and of several together all must be allowed', () => {
  const licences = new Set(['MIT', 'Apache-2.0'])
  expect(isAllowed('(MIT OR GPL-3.0)', licences)).toBe(true)
  expect(isAllowed('MIT AND GPL-3.0', licences)).toBe(false)
})

test('nothing that is installed runs a script', () => {
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m)
})

const images = ['deploy/api.Dockerfile', 'deploy/worker.Dockerfile']
test.each(images)('%s runs as a user of no rights, without a shell, and says whether it is well', (path) => {
  const [, final = ''] = read(path).split(/\nFROM [^\n]*(?<!AS build)\n/)
  expect(final).toMatch(/^USER (?!root)\w+$/m)
  expect(final).toMatch(/^HEALTHCHECK /m)
  expect(final).toMatch(/^CMD \["node"/m)
  expect(read(path)).toMatch(/npm ci --omit=dev/)
})

test('what images are built from is let in where every builder finds it', () => {
  const letIn = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
  expect(letIn.length).toBeGreaterThan(5)
  // Podman and buildah do not look into a folder that only a pattern within its name lets in.
  expect(letIn.filter((line) => /\*.*\//.test(line))).toEqual([])
})

test('every service of the composition gives up what it does not need', () => {
  const compose = read('docker-compose.yml')
  const shared = compose.slice(
    compose.indexOf('x-process:'),
    compose.indexOf('\nx-', compose.indexOf('x-process:') + 1),
  )
  for (const line of [
    'read_only: true',
    'cap_drop: [ALL]',
    'no-new-privileges:true',
    'pids_limit:',
    'mem_limit:',
  ])
    expect(shared).toContain(line)
  const services = compose.slice(compose.indexOf('\nservices:\n'), compose.indexOf('\nvolumes:\n'))
  const named = [...services.matchAll(/^ {2}([\w-]+):\n((?: {4}.*\n|\n)+)/gm)]
  expect(named.length).toBeGreaterThanOrEqual(3)
  for (const [, name, body = ''] of named) expect(`${name}: ${body}`).toMatch(/<<: \*process|<<: \[\*process/)
})
