import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ConfigError, loadConfig, readEnvironment } from '@augur/core/config'
import { StartupError } from '@augur/core/startup-error'
import { runDemo } from './commands/demo.js'
import { runDoctor } from './commands/doctor.js'
import { runKeys } from './commands/keys.js'
import { runRollout } from './commands/rollout.js'
import { runUp } from './commands/up.js'
import { cliSettings } from './config.js'
import { consoleOutput } from './output.js'
import { RefusedError } from './server-api.js'

const help = `Usage: augur <command>

  up      starts Redis, the API and workers, and stops them on Ctrl-C
  demo    sends real digits through a stack of its own, shows the answers, and stops it
  keys    makes, lists, rotates and revokes API keys of a running server (augur keys --help)
  doctor  looks at what a start needs, and says what mends what is wrong
  rollout tries a version on live traffic of a running server (augur rollout --help)
  verify  compares an optimised version with its original on a test set (augur verify --help)
  profile measures a version by micro-batch, threads and instances (augur profile --help)

Settings of up and keys come from the environment, .env.local and .env.`

const root = fileURLToPath(new URL('../../../', import.meta.url))
const output = consoleOutput()

function up(): Promise<number> {
  return runUp({
    settings: loadConfig(cliSettings, readEnvironment(process.env, root)),
    env: process.env,
    root,
    scripts: { api: `${root}apps/api/dist/main.js`, worker: `${root}apps/worker/dist/main.js` },
    output,
  })
}

function doctor(argv: string[]): Promise<number> {
  const env = readEnvironment(process.env, root)
  return runDoctor(argv, {
    env,
    root,
    nodeVersion: process.versions.node,
    output,
    isTerminal: process.stdout.isTTY,
  })
}

function rollout(argv: string[]): Promise<number> {
  const settings = loadConfig(cliSettings, readEnvironment(process.env, root))
  return runRollout(argv, { settings, output })
}

function keys(argv: string[]): Promise<number> {
  const settings = loadConfig(cliSettings, readEnvironment(process.env, root))
  return runKeys(argv, { settings, output })
}

/** Brings the ONNX Runtime along, which no other command needs. */
async function verify(argv: string[]): Promise<number> {
  const { runVerify } = await import('./commands/verify.js')
  const settings = loadConfig(cliSettings, readEnvironment(process.env, root))
  return runVerify(argv, { settings, output, isTerminal: process.stderr.isTTY })
}

async function profile(argv: string[]): Promise<number> {
  const { runProfile } = await import('./commands/profile.js')
  const settings = loadConfig(cliSettings, readEnvironment(process.env, root))
  return runProfile(argv, { settings, output, isTerminal: process.stderr.isTTY })
}

async function run(argv: string[]): Promise<number> {
  if (argv[0] === 'keys') return keys(argv.slice(1))
  if (argv[0] === 'doctor') return doctor(argv.slice(1))
  if (argv[0] === 'rollout') return rollout(argv.slice(1))
  if (argv[0] === 'verify') return verify(argv.slice(1))
  if (argv[0] === 'profile') return profile(argv.slice(1))
  const { values, positionals } = parseArgs({
    args: argv,
    options: { help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  })
  const [command, ...rest] = positionals
  if (values.help || command === 'help') {
    output.line(help)
    return 0
  }
  if (command === 'up' && rest.length === 0) return up()
  if (command === 'demo' && rest.length === 0) return runDemo({ root, env: process.env, output })
  output.error(help)
  return 2
}

/** By name, because its package is loaded by one command only. */
const isNamed = (error: unknown, name: string) => error instanceof Error && error.name === name

function isExpected(error: unknown): error is Error {
  if (isNamed(error, 'VerificationError')) return true
  if (error instanceof ConfigError || error instanceof StartupError || error instanceof RefusedError)
    return true
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  output.error(isExpected(error) ? error.message : String(error instanceof Error ? error.stack : error))
  process.exitCode = isNamed(error, 'VerificationError') ? 2 : 1
}
