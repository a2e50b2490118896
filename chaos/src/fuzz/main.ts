import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readResources } from '../rig/resources.js'
import { until } from '../rig/until.js'
import { type FuzzStack, startFuzzStack } from './fuzz-stack.js'
import { runFuzz } from './run-fuzz.js'

const help = `Usage: npm run fuzz -- [options]

Starts a stack of its own on loopback and sends it every bad input of the table, then mutants of them. Prints a report as
JSON; ends with 1 when an answer was not as it has to be, a process ended, or memory did not come back.

    --requests N       requests altogether (20,000)
    --seed S           the same seed sends the same requests (1)
    --concurrency N    requests under way at a time (32)`

const root = fileURLToPath(new URL('../../../', import.meta.url))
/** How much more memory a process may have afterwards than once it was warm. */
const mostGrowth = 1.1
/** Garbage is collected when there is a need for it. */
const settleWithinMs = 60_000
/** Requests after which a process is warm: its code is compiled, its heap has the size that it works with. */
const warmRequests = 5000

interface Memory {
  api: number
  worker: number
}

function memoryOf({ stack }: FuzzStack): Memory {
  const of = (pid: number) => Math.round((readResources(pid)?.rssBytes ?? 0) / 2 ** 20)
  return { api: of(stack.api.pid), worker: of(stack.workers[0]?.pid ?? 0) }
}

const hasComeBack = (now: Memory, warm: Memory) =>
  now.api <= warm.api * mostGrowth && now.worker <= warm.worker * mostGrowth

const wholeNumber = (name: string, text: string): number => {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new TypeError(`--${name} must be a whole number above 0`)
}

function sumOf(one: Record<string, number>, other: Record<string, number>): Record<string, number> {
  const sum = { ...one }
  for (const [name, count] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + count
  return sum
}

async function fuzz(fuzzed: FuzzStack, options: { requests: number; seed: number; concurrency: number }) {
  const { stack, target } = fuzzed
  const warmUp = Math.min(warmRequests, Math.ceil(options.requests / 2))
  const first = await runFuzz({ ...options, target, requests: warmUp, seed: options.seed + 1_000_000 })
  const warm = memoryOf(fuzzed)
  const onProgress = (sent: number) => {
    if (sent % 10_000 < 500) process.stderr.write(`${warmUp + sent} sent\n`)
  }
  const requests = options.requests - warmUp
  // The table was sent: by now retention may have removed what its rows name.
  const second = await runFuzz({ ...options, target, requests, withTable: false, onProgress })
  const cameBack = await until(() => hasComeBack(memoryOf(fuzzed), warm), settleWithinMs, 1000)
  const ended = [stack.api, ...stack.workers].filter((each) => each.hasFailed()).length
  const stillAnswers = (await fetch(`${stack.url}/readyz`)).status === 200
  const faults = [...first.faults, ...second.faults]
  const pass = faults.length === 0 && cameBack && ended === 0 && stillAnswers
  const memoryMb = { warm, after: memoryOf(fuzzed), cameBack }
  const statuses = sumOf(first.statuses, second.statuses)
  const sent = first.sent + second.sent
  const faultCount = first.faultCount + second.faultCount
  return { ...second, sent, statuses, faults, faultCount, ended, stillAnswers, memoryMb, pass }
}

async function run(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      requests: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      concurrency: { type: 'string', default: '32' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stderr.write(`${help}\n`)
    return 0
  }
  const options = {
    requests: wholeNumber('requests', values.requests),
    seed: wholeNumber('seed', values.seed),
    concurrency: wholeNumber('concurrency', values.concurrency),
  }
  const fuzzed = await startFuzzStack(root)
  try {
    const report = await fuzz(fuzzed, options)
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    return report.pass ? 0 : 1
  } finally {
    await fuzzed.stop()
  }
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof TypeError ? error.message : String(error)}\n`)
  process.exitCode = 1
}
