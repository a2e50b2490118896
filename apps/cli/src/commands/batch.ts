import { createReadStream, createWriteStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import type { Augur, Batch } from '@augur/client'
import type { Output } from '../output.js'
import { ProgressBar } from '../progress-bar.js'
import { RefusedError } from '../server-api.js'
import { modelReference, type ServerSettings, serverClient } from '../server-client.js'
import { refusalOf } from './predict.js'

const help = `Usage: augur batch FILE --model MODEL[:VERSION] [--results FILE] [--errors FILE] [--json]

  Submits a file of JSON Lines, {"input": {…}, "custom_id": "…"}, as one batch, shows how far it is, and writes results and errors
  in the order of the lines: to --results (standard output by default) and --errors (standard error by default).

Exit code 0 when every line has a result, 1 otherwise. AUGUR_URL and AUGUR_API_KEY say which server is asked.`

const options = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  model: { type: 'string' },
  results: { type: 'string' },
  errors: { type: 'string' },
} as const

interface BatchConfig {
  settings: ServerSettings
  output: Pick<Output, 'line' | 'error'>
  isTerminal: boolean
}

/** `augur batch …`. Returns the exit code. @throws RefusedError */
export async function runBatch(
  argv: string[],
  { settings, output, isTerminal }: BatchConfig,
): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
  const [path] = positionals
  if (values.help || path === undefined || positionals.length > 1 || values.model === undefined) {
    output[values.help ? 'line' : 'error'](help)
    return values.help ? 0 : 2
  }
  await access(path).catch(() => {
    throw new RefusedError(`${path} cannot be read.`)
  })
  const client = serverClient(settings)
  try {
    const { id } = await client.batches.create(modelReference(values.model), linesOf(path))
    const batch = await follow(client, id, isTerminal && !values.json)
    await write(client.batches.results(id), values.results ?? process.stdout)
    await write(client.batches.errors(id), values.errors ?? process.stderr)
    if (values.json) output.error(JSON.stringify(batch))
    const { total, completed } = batch.request_counts
    return batch.status === 'completed' && completed === total ? 0 : 1
  } catch (error) {
    throw refusalOf(error, settings)
  }
}

/** @throws RefusedError for a line that is no JSON object */
async function* linesOf(path: string) {
  let number = 0
  for await (const text of createInterface({
    input: createReadStream(path),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    number++
    if (text.trim() !== '') yield parseLine(text, `${path}:${number}`)
  }
}

function parseLine(text: string, place: string) {
  try {
    return JSON.parse(text)
  } catch {
    throw new RefusedError(`${place} is not JSON.`)
  }
}

async function follow(client: Augur, id: string, isShown: boolean): Promise<Batch> {
  const bar = new ProgressBar(id, isShown)
  try {
    for await (const { request_counts: counts } of client.batches.progress(id)) {
      bar.update(counts.completed + counts.failed, counts.total)
    }
  } finally {
    bar.end()
  }
  return client.batches.get(id)
}

async function write(lines: AsyncIterable<unknown>, to: string | NodeJS.WriteStream): Promise<void> {
  const texts = async function* () {
    for await (const line of lines) yield `${JSON.stringify(line)}\n`
  }
  if (typeof to === 'string') await pipeline(Readable.from(texts()), createWriteStream(to))
  else await pipeline(Readable.from(texts()), to, { end: false })
}
