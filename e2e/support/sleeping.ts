import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleepingModel } from '@augur/test-support/models'
import type { TestStack } from '@augur/test-support/test-stack'
import { bodyOf } from './predictions.js'

/** A model repository that holds the sleeping model alone, for stories about faults. */
export async function sleepingRepository(batchSize: number, timeoutSeconds = 30) {
  const dir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  const batching = { maxSize: batchSize, maxDelayMs: 5 }
  await sleepingModel(dir, { serving: { batching, timeoutSeconds } })
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) }
}

export interface Told {
  value: number[]
  sleepMs?: number
  crash?: boolean
  fail?: boolean
}

/** Submits an input of the sleeping model and gives back the prediction's id. */
export async function submit(stack: TestStack, input: Told, webhook?: string): Promise<string> {
  const body = { input, ...(webhook && { webhook, webhook_events_filter: ['completed'] }) }
  const response = await stack.request('/models/augur/sleeping/predictions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (response.status !== 201) throw new Error(`not accepted: ${response.status} ${await response.text()}`)
  return (await bodyOf(response)).id
}
