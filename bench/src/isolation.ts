import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startPrivateStack } from '@augur/cli/private-stack'
import { divisionModel, endlessModel, hungryModel, misbehavingModel } from '@augur/test-support/faulty-models'
import { Pool } from 'undici'
import { readDigits } from './digits.js'
import type { Figure, Findings } from './findings.js'
import { quietOutput } from './quiet-output.js'

export interface IsolationOptions {
  /** The repository. */
  root: string
  /** How long the neighbour is driven beside each of the faulty models. */
  seconds: number
}

interface Answer {
  status: string
  error_code?: string
}

interface Fault {
  title: string
  model: string
  input: unknown
}

const share = 0.3
const capacityConnections = 32
const faultyClients = 2
const timeoutSeconds = 2
const limits = { timeoutSeconds, memoryMb: 400 }

const faults: readonly Fault[] = [
  { title: 'a module that kills its process', model: 'misbehaving', input: { do: 'kill' } },
  { title: 'a model that loops for ever', model: 'endless', input: { x: [1] } },
  { title: 'a model that allocates for ever', model: 'hungry', input: { x: [1] } },
  { title: 'int32 division of -2^31 by -1', model: 'division', input: { x: -2147483648, by: -1 } },
]

/** What is left of a neighbour's rate beside models that misbehave without a pause. */
export async function measureIsolation({ root, seconds }: IsolationOptions): Promise<Findings> {
  const modelsDir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  try {
    await cp(join(root, 'models/digits/fp32'), join(modelsDir, 'digits/fp32'), { recursive: true })
    for (const write of [misbehavingModel, endlessModel, hungryModel, divisionModel]) {
      await write(modelsDir, { serving: limits })
    }
    const settings = { AUGUR_WORKERS: '1', AUGUR_MODELS_DIR: modelsDir, AUGUR_LOG_LEVEL: 'fatal' }
    const stack = await startPrivateStack({ root, env: process.env, settings, output: quietOutput })
    const pool = new Pool(stack.apiUrl, { connections: 256, pipelining: 1 })
    try {
      return await measure(pool, (await readDigits(join(root, 'models/digits')))[0]?.input, seconds)
    } finally {
      await pool.close()
      await stack.stop()
    }
  } finally {
    await rm(modelsDir, { recursive: true, force: true })
  }
}

async function measure(pool: Pool, input: unknown, seconds: number): Promise<Findings> {
  const neighbour = () => predict(pool, 'digits', input)
  await capacityOf(neighbour, 2)
  const capacity = await capacityOf(neighbour, seconds)
  const wanted = share * capacity
  const figures: Figure[] = [figureOf('nothing', await rateAt(wanted, seconds, neighbour), wanted)]
  const notes: string[] = []
  for (const { title, model, input: bad } of faults) {
    const stop = new AbortController()
    const others = repeatedly(() => predict(pool, model, bad), stop.signal)
    figures.push(figureOf(title, await rateAt(wanted, seconds, neighbour), wanted))
    stop.abort()
    notes.push(`${title}: ${counted(await others)}`)
  }
  const title = `digits, ${capacity.toFixed(0)} /s alone, driven at ${wanted.toFixed(0)} /s for ${seconds} s beside`
  return { title, figures, notes, isRight: true }
}

const figureOf = (title: string, rate: number, wanted: number): Figure => ({
  title: `beside ${title}, /s`,
  places: 0,
  values: [rate],
  floor: { name: 'wanted', values: [wanted] },
})

/** Predictions a second with as many clients as keep it busy. */
async function capacityOf(run: () => Promise<Answer>, seconds: number): Promise<number> {
  let done = 0
  const until = performance.now() + seconds * 1000
  const client = async () => {
    while (performance.now() < until) {
      await run()
      done++
    }
  }
  await Promise.all(Array.from({ length: capacityConnections }, client))
  return done / seconds
}

/** Predictions that succeed within the time, when they are sent at that rate whatever becomes of them. */
async function rateAt(wanted: number, seconds: number, run: () => Promise<Answer>): Promise<number> {
  let sent = 0
  let succeeded = 0
  const startedAt = performance.now()
  const elapsed = () => (performance.now() - startedAt) / 1000
  const all: Promise<void>[] = []
  while (elapsed() < seconds) {
    for (; sent < elapsed() * wanted; sent++) {
      all.push(
        run().then(({ status }) => {
          if (status === 'succeeded' && elapsed() < seconds) succeeded++
        }),
      )
    }
    await delay(1)
  }
  await Promise.all(all)
  return succeeded / seconds
}

async function repeatedly(run: () => Promise<Answer>, signal: AbortSignal): Promise<Answer[]> {
  const answers: Answer[] = []
  const client = async () => {
    while (!signal.aborted) answers.push(await run())
  }
  await Promise.all(Array.from({ length: faultyClients }, client))
  return answers
}

function counted(answers: readonly Answer[]): string {
  const counts = new Map<string, number>()
  for (const { status, error_code: code = status } of answers) counts.set(code, (counts.get(code) ?? 0) + 1)
  return Array.from(counts, ([code, count]) => `${count} ${code}`).join(', ')
}

async function predict(pool: Pool, model: string, input: unknown): Promise<Answer> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: `/api/v1/models/augur/${model}/predictions`,
    headers: { 'content-type': 'application/json', prefer: 'wait=50' },
    body: JSON.stringify({ input }),
  })
  const answer = (await body.json()) as Answer & { detail?: string }
  if (statusCode > 202) return { status: `HTTP ${statusCode} ${answer.detail}` }
  return answer
}
