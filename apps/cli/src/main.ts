import { fileURLToPath } from 'node:url'
import { ConfigError, loadConfig, readEnvironment } from '@augur/core/config'
import { StartupError } from '@augur/core/startup-error'
import { cliSettings } from './config.js'
import { consoleOutput, type Output } from './output.js'
import { reachableUrl } from './reachable-url.js'
import { RefusedError } from './server-api.js'
import type { ServerSettings } from './server-client.js'

const help = `Usage: augur <command>

  up          starts Redis, the API and workers, and stops them on Ctrl-C
  demo        sends real digits through a stack of its own, shows the answers, and stops it
  predict     sends one input to a running server and prints the answer
  batch       sends a file of JSON Lines, shows how far it is, and writes the answers
  models      lists what is served, and checks a model repository
  verify      compares an optimised version with its original on a test set
  profile     measures a version by micro-batch, threads and instances
  rollout     tries a version on live traffic of a running server
  queues      shows what waits for each version; holds, drains and empties its queue
  deliveries  shows webhooks on their way, and makes them once more
  keys        makes, lists, rotates and revokes API keys of a running server
  redis-users makes users for Redis that may do what each process needs
  doctor      looks at what a start needs, and says what mends what is wrong
  completion  prints a script by which bash or zsh completes all this

Each but up and demo tells more with --help. Settings come from the environment, .env.local and .env.`

const root = fileURLToPath(new URL('../../../', import.meta.url))
const terminal = consoleOutput()
const environment = () => readEnvironment(process.env, root)
const settingsNow = () => loadConfig(cliSettings, environment())

function server(): ServerSettings {
  const { HOST, PORT, AUGUR_URL: url = reachableUrl(HOST, PORT), AUGUR_API_KEY: apiKey } = settingsNow()
  return { url, apiKey }
}

async function up(output: Output): Promise<number> {
  const { runUp } = await import('./commands/up.js')
  return runUp({
    settings: settingsNow(),
    env: process.env,
    root,
    scripts: { api: `${root}apps/api/dist/main.js`, worker: `${root}apps/worker/dist/main.js` },
    output,
  })
}

async function demo(output: Output): Promise<number> {
  const { runDemo } = await import('./commands/demo.js')
  return runDemo({ root, env: process.env, output })
}

async function doctor(argv: string[], output: Output): Promise<number> {
  const { runDoctor } = await import('./commands/doctor.js')
  const nodeVersion = process.versions.node
  return runDoctor(argv, { env: environment(), root, nodeVersion, output, isTerminal: process.stdout.isTTY })
}

const progressOn = (output: Output) => ({ output, isTerminal: process.stderr.isTTY })

/** Each takes what follows its name, and gives the exit code. Loaded when it is asked for: most need much that others do not. */
const commands = new Map<string, (argv: string[], output: Output) => Promise<number>>([
  ['up', (argv, output) => (argv.length === 0 ? up(output) : usage(argv))],
  ['demo', (argv, output) => (argv.length === 0 ? demo(output) : usage(argv))],
  [
    'predict',
    async (argv, output) =>
      (await import('./commands/predict.js')).runPredict(argv, { settings: server(), output }),
  ],
  [
    'batch',
    async (argv, output) =>
      (await import('./commands/batch.js')).runBatch(argv, { settings: server(), ...progressOn(output) }),
  ],
  [
    'models',
    async (argv, output) =>
      (await import('./commands/models.js')).runModels(argv, {
        settings: settingsNow(),
        server: server(),
        output,
      }),
  ],
  [
    'verify',
    async (argv, output) =>
      (await import('./commands/verify.js')).runVerify(argv, {
        settings: settingsNow(),
        ...progressOn(output),
      }),
  ],
  [
    'profile',
    async (argv, output) =>
      (await import('./commands/profile.js')).runProfile(argv, {
        settings: settingsNow(),
        ...progressOn(output),
      }),
  ],
  [
    'rollout',
    async (argv, output) =>
      (await import('./commands/rollout.js')).runRollout(argv, { settings: settingsNow(), output }),
  ],
  [
    'queues',
    async (argv, output) =>
      (await import('./commands/queues.js')).runQueues(argv, { settings: server(), output }),
  ],
  [
    'deliveries',
    async (argv, output) =>
      (await import('./commands/deliveries.js')).runDeliveries(argv, { settings: settingsNow(), output }),
  ],
  [
    'keys',
    async (argv, output) =>
      (await import('./commands/keys.js')).runKeys(argv, { settings: settingsNow(), output }),
  ],
  [
    'redis-users',
    async (argv, output) =>
      (await import('./commands/redis-users.js')).runRedisUsers(argv, { settings: settingsNow(), output }),
  ],
  ['doctor', doctor],
  [
    'completion',
    async (argv, output) => (await import('./commands/completion.js')).runCompletion(argv, { output, helps }),
  ],
])

/** What each command says when it is asked for help; those without flags say nothing. */
async function helps(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const [name, command] of commands) {
    let text = ''
    const listening: Output = { ...terminal, line: (line) => void (text += `${line}\n`) }
    if (name !== 'up' && name !== 'demo') await command(['--help'], listening)
    found.set(name, text)
  }
  return found
}

/** Exit code 0 for whoever asked for help. */
async function usage(argv: string[]): Promise<number> {
  const isAskedFor = argv.some((word) => word === '--help' || word === '-h' || word === 'help')
  terminal[isAskedFor ? 'line' : 'error'](help)
  return isAskedFor ? 0 : 2
}

async function run([command, ...rest]: string[]): Promise<number> {
  const found = command === undefined ? undefined : commands.get(command)
  return found ? found(rest, terminal) : usage(command === undefined ? [] : [command, ...rest])
}

/** By name, because its package is loaded by few commands only. */
const isVerificationError = (error: unknown) => error instanceof Error && error.name === 'VerificationError'

function isExpected(error: unknown): error is Error {
  if (isVerificationError(error)) return true
  if (error instanceof ConfigError || error instanceof StartupError || error instanceof RefusedError)
    return true
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  terminal.error(isExpected(error) ? error.message : String(error instanceof Error ? error.stack : error))
  process.exitCode = isVerificationError(error) ? 2 : 1
}
