// Redis without root on Debian and Ubuntu: the distribution's own packages, fetched and checked by apt-get, unpacked
// into a folder and never installed.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { errnoOf } from '../errno.js'

const run = promisify(execFile)

type Environment = Record<string, string | undefined>

type Unpacked = { ok: true; command: string; env: Environment } | { ok: false; reason: string }

interface UnpackOptions {
  packageDir: string
  env: Environment
  report?: ((line: string) => void) | undefined
}

interface Apt {
  env: Environment
  options: string[]
}

/** State of its own, so that no root is needed; the system's package lists are read where they are good. */
async function privateApt(workDir: string, env: Environment): Promise<Apt> {
  const cache = join(workDir, 'cache')
  await mkdir(join(cache, 'archives/partial'), { recursive: true })
  const options = [
    `Dir::Cache=${cache}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=root',
    'Acquire::Retries=2',
  ]
  return { env, options }
}

async function withOwnLists(apt: Apt, workDir: string): Promise<Apt> {
  const lists = join(workDir, 'lists')
  await mkdir(join(lists, 'partial'), { recursive: true })
  const own = { ...apt, options: [...apt.options, `Dir::State::Lists=${lists}`] }
  // One unreachable third-party source must not end it: the download that follows tells whether the lists suffice.
  await aptGet(own, ['update'], workDir).catch(() => undefined)
  return own
}

async function aptGet(apt: Apt, args: string[], cwd: string): Promise<string> {
  const flags = apt.options.flatMap((option) => ['-o', option])
  const { stdout } = await run('apt-get', ['-qq', ...flags, ...args], {
    cwd,
    env: apt.env,
    timeout: 180_000,
    maxBuffer: 16_000_000,
  })
  return stdout
}

/** Names of the packages that an installation would add: what the server links to and this machine lacks. */
function missingPackages(printedUris: string): string[] {
  const names = [...printedUris.matchAll(/^'[^']*' ([a-z0-9][a-z0-9+.-]*)_/gm)].map((match) => match[1] ?? '')
  // libc belongs to the system's own loader and must not be mixed with another.
  return names.filter((name) => /^(redis|lib|lua)/.test(name) && !/^libc(6|-bin)$/.test(name))
}

async function download(apt: Apt, intoDir: string): Promise<void> {
  const uris = await aptGet(
    apt,
    ['install', '--print-uris', '--yes', '--no-install-recommends', 'redis-server'],
    intoDir,
  )
  // redis-server is only a link into redis-tools, so both are named even where one is installed already.
  const packages = new Set(['redis-server', 'redis-tools', ...missingPackages(uris)])
  await aptGet(apt, ['download', ...packages], intoDir)
}

async function fetchPackages(workDir: string, env: Environment): Promise<string[]> {
  const debs = join(workDir, 'debs')
  await mkdir(debs, { recursive: true })
  const apt = await privateApt(workDir, env)
  try {
    await download(apt, debs)
  } catch {
    // No lists yet (a container image), or lists that name files the mirror has replaced.
    await download(await withOwnLists(apt, workDir), debs)
  }
  return (await readdir(debs)).filter((name) => name.endsWith('.deb')).map((name) => join(debs, name))
}

async function unpack(options: UnpackOptions): Promise<void> {
  await mkdir(join(options.packageDir, '..'), { recursive: true })
  const workDir = await mkdtemp(`${options.packageDir}-`)
  try {
    const root = join(workDir, 'root')
    for (const deb of await fetchPackages(workDir, options.env))
      await run('dpkg', ['-x', deb, root], { env: options.env })
    await rename(root, options.packageDir)
  } catch (error) {
    // Another process may have unpacked the same package in the meantime; its result is as good.
    if (!existsSync(serverIn(options.packageDir))) throw error
  } finally {
    await rm(workDir, { recursive: true, force: true })
  }
}

function serverIn(packageDir: string): string {
  return join(packageDir, 'usr/bin/redis-server')
}

async function libraryPath(packageDir: string): Promise<string> {
  const folders = ['usr/lib', 'lib']
    .map((name) => join(packageDir, name))
    .filter((folder) => existsSync(folder))
  const perFolder = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(folder, { withFileTypes: true })
      return entries
        .filter((entry) => entry.name.includes('-linux-'))
        .map((entry) => join(folder, entry.name))
    }),
  )
  return perFolder.flat().join(':')
}

function firstLine(error: unknown): string {
  const text =
    error instanceof Error ? ('stderr' in error && String(error.stderr)) || error.message : String(error)
  return text.trim().split('\n')[0] ?? ''
}

/**
 * The server under `packageDir`, unpacked there first where it is missing (needs apt-get, dpkg and a package mirror).
 * A package that is there already is used without any network.
 */
export async function unpackRedisPackage(options: UnpackOptions): Promise<Unpacked> {
  const packageDir = resolve(options.packageDir)
  const command = serverIn(packageDir)
  if (!existsSync(command)) {
    options.report?.(
      'No redis-server on the PATH: fetching the distribution’s package (once, without installing it).',
    )
    try {
      await unpack({ ...options, packageDir })
    } catch (error) {
      const missing = errnoOf(error) === 'ENOENT'
      return {
        ok: false,
        reason: missing ? 'There is no apt-get here to fetch it with.' : `apt-get: ${firstLine(error)}`,
      }
    }
  }
  return { ok: true, command, env: { LD_LIBRARY_PATH: await libraryPath(packageDir) } }
}
