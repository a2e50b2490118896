import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { parseArgs } from 'node:util'
import { AugurError, PredictionError } from '@augur/client'
import { modelReference, type ServerSettings, serverClient } from '../server-client.js'
import type { Output } from '../output.js'
import { RefusedError } from '../server-api.js'

const help = `Usage: augur predict MODEL[:VERSION] [input] [--json]

  Sends one input to a running server, waits for the end, and prints the output.

  --input JSON|@FILE    the input, as the model's schema wants it; @- reads it from standard input
  --image FILE          puts a PNG, JPEG or WebP file into the field image
  --text TEXT           puts a text into the field text
  --json                prints the whole prediction

Exit code 0 when it succeeded, 1 when it failed or was refused. AUGUR_URL and AUGUR_API_KEY say which server is asked.`

const options = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  input: { type: 'string' },
  image: { type: 'string' },
  text: { type: 'string' },
} as const

const parse = (args: string[]) => parseArgs({ args, options, allowPositionals: true })
type Values = ReturnType<typeof parse>['values']

const mediaTypes: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
}

interface PredictConfig {
  settings: ServerSettings
  output: Pick<Output, 'line' | 'error'>
}

/** `augur predict …`. Returns the exit code. @throws RefusedError */
export async function runPredict(argv: string[], { settings, output }: PredictConfig): Promise<number> {
  const { values, positionals } = parse(argv)
  const [model] = positionals
  if (values.help || model === undefined || positionals.length > 1) {
    output[values.help ? 'line' : 'error'](help)
    return values.help ? 0 : 2
  }
  const client = serverClient(settings)
  const input = await inputOf(values)
  try {
    const { id } = await client.submit(modelReference(model), input)
    const prediction = await client.wait(id)
    if (prediction.status !== 'succeeded') throw new PredictionError(prediction)
    output.line(JSON.stringify(values.json ? prediction : prediction.output, null, 2))
    return 0
  } catch (error) {
    if (!(error instanceof PredictionError)) throw refusalOf(error, settings)
    const { error_code: code } = error.prediction
    output.error(
      values.json ? JSON.stringify(error.prediction, null, 2) : `${error.message}${code ? ` (${code})` : ''}`,
    )
    return 1
  }
}

/** What a person can act on, of whatever the client throws. */
export function refusalOf(error: unknown, { url }: Pick<ServerSettings, 'url'>): unknown {
  if (error instanceof AugurError) {
    const fields = error.problem?.errors?.map(({ detail }) => `\n  ${detail}`).join('') ?? ''
    return new RefusedError(`${error.message}${fields}`)
  }
  if (error instanceof TypeError) {
    return new RefusedError(
      `Nothing answers at ${url}. Is Augur running? AUGUR_URL says where it is looked for.`,
    )
  }
  return error
}

async function inputOf({ input, image, text }: Values): Promise<Record<string, unknown>> {
  const given = input === undefined ? {} : await readInput(input)
  return {
    ...given,
    ...(image !== undefined && { image: await dataUri(image) }),
    ...(text !== undefined && { text }),
  }
}

async function readInput(text: string): Promise<object> {
  const json = text.startsWith('@') ? await readText(text.slice(1)) : text
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new RefusedError('--input is not JSON.')
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new RefusedError('--input must be a JSON object.')
}

const readText = (path: string) => readOrRefuse(path === '-' ? '/dev/stdin' : path).then(String)

async function dataUri(path: string): Promise<string> {
  const mediaType = mediaTypes[extname(path).toLowerCase()]
  if (mediaType === undefined) throw new RefusedError(`${path} is no PNG, JPEG or WebP file.`)
  return `data:${mediaType};base64,${(await readOrRefuse(path)).toString('base64')}`
}

async function readOrRefuse(path: string): Promise<Buffer> {
  return readFile(path).catch(() => {
    throw new RefusedError(`${path} cannot be read.`)
  })
}
