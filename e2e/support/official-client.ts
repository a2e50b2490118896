import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startTestStack, type TestStack } from '@augur/test-support/test-stack'
import Replicate from 'replicate'
import { type GatedRepository, gatedRepository } from './gated.js'

const digitsDir = fileURLToPath(new URL('../../models/digits', import.meta.url))

/** How often the client polls, in milliseconds. */
export const interval = 20

export interface Row {
  input: { pixels: number[] }
  label: string
}

export interface ClientStack {
  stack: TestStack
  /** The official client, with nothing changed but its base URL. */
  client: Replicate
  /** The gated model's; beside it there is `augur/digits`. */
  models: GatedRepository
  /** A held-out digit with its label. */
  row(index: number): Row
  stop(): Promise<void>
}

/** A stack with digits and gated model, as the official client sees it. */
export async function startClientStack(env: Record<string, string> = {}): Promise<ClientStack> {
  const models = await gatedRepository()
  await cp(digitsDir, join(models.dir, 'digits'), { recursive: true })
  const rows = await readRows()
  const stack = await startTestStack({ modelsDir: models.dir, env })
  return {
    stack,
    client: new Replicate({ auth: 'any-token', baseUrl: `${stack.url}/api/v1` }),
    models,
    row(index) {
      const found = rows[index]
      if (!found) throw new Error(`there is no held-out row ${index}`)
      return found
    },
    async stop() {
      await stack.stop()
      await models.remove()
    },
  }
}

async function readRows(): Promise<Row[]> {
  const text = await readFile(join(digitsDir, 'heldout.jsonl'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** The error that the client throws. */
export async function refusalOf(call: Promise<unknown>): Promise<Error & { response: Response }> {
  return call.then(
    () => Promise.reject(new Error('was not refused')),
    (error) => error,
  )
}
