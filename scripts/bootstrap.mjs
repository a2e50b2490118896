// node scripts/bootstrap.mjs <up|demo|augur|verify|profile|bench|chaos|fuzz|test> [args]: installs and builds what is missing or stale, then runs the
// command. Plain Node, because nothing is installed when it starts. When nothing changed it costs some 50 ms.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const inRoot = (...parts) => join(root, ...parts)
const bin = (name) => inRoot('node_modules/.bin', name)
const installStamp = inRoot('node_modules/.augur-install')
const buildStamp = inRoot('node_modules/.augur-build')
const lockDir = inRoot('.augur/bootstrap.lock')

const cli = 'apps/cli/dist/main.js'
const programs = {
  up: cli,
  demo: cli,
  augur: cli,
  verify: cli,
  profile: cli,
  bench: 'bench/dist/main.js',
  chaos: 'chaos/dist/main.js',
  fuzz: 'chaos/dist/fuzz/main.js',
}
/** Those that take what follows as it is; the others are commands of the CLI themselves. */
const ownArguments = ['augur', 'bench', 'chaos', 'fuzz']

const checks = [
  { title: 'Format', command: ['biome', 'format', '.'] },
  { title: 'Lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { title: 'Types', command: ['tsc', '-p', 'tsconfig.tests.json'] },
  { title: 'Tests', command: ['vitest', 'run'], takesArgs: true },
]

function checkNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(`Augur needs Node.js 20.19 or newer; this is ${process.versions.node}.`)
  process.exit(1)
}

/** Runs a program in the foreground; its failure is ours. */
function run(command, args, env = {}) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (error) console.error(`${command}: ${error.message}`)
  if (status !== 0) fail(signal === 'SIGINT' ? 130 : (status ?? 1))
}

function fail(code) {
  releaseLock()
  process.exit(code)
}

const readText = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)
const modifiedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

function hashOf(paths) {
  const hash = createHash('sha256')
  for (const path of paths)
    hash
      .update(`${path}\0`)
      .update(readFileSync(inRoot(path)))
      .update('\0')
  return hash.digest('hex')
}

const lockFileHash = () => hashOf(['package-lock.json'])

function isInstallStale() {
  const stamp = readText(installStamp)
  if (stamp !== undefined) return stamp !== lockFileHash()
  // Installed by hand, after the last change of what is to be installed.
  const byHand =
    modifiedAt(inRoot('node_modules/.package-lock.json')) >= modifiedAt(inRoot('package-lock.json'))
  if (!existsSync(inRoot('node_modules')) || !byHand) return true
  writeFileSync(installStamp, lockFileHash())
  return false
}

const workspaces = () =>
  [
    ...['packages', 'apps'].flatMap((group) => readdirSync(inRoot(group)).map((name) => `${group}/${name}`)),
    'bench',
    'chaos',
  ].filter((folder) => existsSync(inRoot(folder, 'tsconfig.json')) && filesUnder(`${folder}/src`).length > 0)

function filesUnder(folder) {
  if (!existsSync(inRoot(folder))) return []
  return readdirSync(inRoot(folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? filesUnder(path) : [path]
  })
}

function sourcesHash() {
  const ofWorkspaces = workspaces().flatMap((folder) => [
    `${folder}/package.json`,
    `${folder}/tsconfig.json`,
    ...filesUnder(`${folder}/src`).filter((path) => !path.endsWith('.test.ts')),
  ])
  const shared = ['package.json', 'tsconfig.base.json', 'turbo.json', 'scripts/copy-lua.mjs']
  return hashOf([...shared, ...ofWorkspaces.toSorted((a, b) => (a < b ? -1 : 1))])
}

const isBuildStale = () =>
  readText(buildStamp) !== sourcesHash() || workspaces().some((folder) => !existsSync(inRoot(folder, 'dist')))

function install() {
  console.log('Installing dependencies (npm ci)')
  run('npm', ['ci', '--include=dev', '--no-progress', '--loglevel=error'])
  writeFileSync(installStamp, lockFileHash())
}

function build() {
  console.log('Building')
  const hash = sourcesHash()
  run(bin('turbo'), ['run', 'build', '--output-logs=errors-only'], {
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  })
  writeFileSync(buildStamp, hash)
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Whether the holder of the lock is gone; one that has just made the folder has a second to write its number. */
function isLockStale() {
  const pid = Number(readText(join(lockDir, 'pid')) || 0)
  return pid ? !isAlive(pid) : modifiedAt(lockDir) < Date.now() - 1000
}

function tryLock() {
  try {
    mkdirSync(lockDir)
    writeFileSync(join(lockDir, 'pid'), String(process.pid))
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  }
}

async function takeLock() {
  mkdirSync(inRoot('.augur'), { recursive: true })
  for (let waited = 0; !tryLock(); waited++) {
    if (isLockStale()) rmSync(lockDir, { recursive: true, force: true })
    else if (waited === 1) console.log(`Waiting for another start that installs or builds here (${lockDir})`)
    await delay(200)
  }
}

function releaseLock() {
  if (readText(join(lockDir, 'pid')) === String(process.pid))
    rmSync(lockDir, { recursive: true, force: true })
}

async function prepare() {
  if (!isInstallStale() && !isBuildStale()) return
  await takeLock()
  if (isInstallStale()) install()
  if (isBuildStale()) build()
  releaseLock()
}

function runChecks(args) {
  for (const { title, command, takesArgs } of checks) {
    const [name, ...rest] = command
    console.log(`\n== ${title}: ${command.join(' ')}`)
    run(bin(name), takesArgs ? [...rest, ...args] : rest)
  }
}

/** npm runs scripts in a shell, which dies of SIGTERM without passing it on: then nobody is left to stop us. */
function stopWithNpm() {
  if (!process.env.npm_lifecycle_event) return
  const shell = process.ppid
  const check = () => {
    if (process.ppid === shell) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }
  const timer = setInterval(check, 250).unref()
}

/** Runs the program in this process: one less that has to pass signals and exit codes on. */
async function runProgram(command, args) {
  const path = inRoot(programs[command])
  stopWithNpm()
  process.argv = [process.execPath, path, ...(ownArguments.includes(command) ? args : [command, ...args])]
  await import(pathToFileURL(path).href)
}

const [command, ...args] = process.argv.slice(2)
if (command !== 'test' && !Object.hasOwn(programs, command ?? '')) {
  console.error(
    'Usage: node scripts/bootstrap.mjs <up|demo|augur|verify|profile|bench|chaos|fuzz|test> [arguments]',
  )
  process.exit(2)
}
checkNodeVersion()
await prepare()
if (command === 'test') runChecks(args)
else await runProgram(command, args)
