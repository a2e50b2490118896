import type { TestStack } from '@augur/test-support/test-stack'
import { until } from './until.js'

/** A prediction on the wire, as far as stories look at it. */
export interface WirePrediction {
  id: string
  status: 'starting' | 'processing' | 'succeeded' | 'failed' | 'canceled'
  input: unknown
  output: { value: number[] } | null
  error: string | null
  error_code?: string
  queue_position?: number | null
  completed_at?: string
}

/** The parsed body of an answer, taken to be what the story says. */
export async function bodyOf<T = WirePrediction>(response: Response): Promise<T> {
  return JSON.parse(await response.text())
}

/** The prediction as it is now. */
export async function read(stack: TestStack, id: string): Promise<WirePrediction> {
  return bodyOf(await stack.request(`/predictions/${id}`))
}

/** The predictions once they have ended, by long-poll. */
export function allEnded(stack: TestStack, ids: readonly string[]): Promise<WirePrediction[]> {
  return Promise.all(ids.map((id) => ended(stack, id)))
}

/** The prediction once it has ended, by long-poll. */
export async function ended(stack: TestStack, id: string): Promise<WirePrediction> {
  for (;;) {
    const response = await stack.request(`/predictions/${id}?wait=20`)
    const prediction = await bodyOf(response)
    if (response.status !== 200) throw new Error(`not found: ${JSON.stringify(prediction)}`)
    if (['succeeded', 'failed', 'canceled'].includes(prediction.status)) return prediction
  }
}

/** Waits until workers have claimed all of these predictions. */
export async function processing(stack: TestStack, ids: readonly string[]): Promise<void> {
  for (const id of ids) await until(async () => (await read(stack, id)).status === 'processing')
}

/** Waits until so many workers announce themselves for the model. */
export async function servedBy(stack: TestStack, model: string, workers: number): Promise<void> {
  await until(async () => {
    const health = await bodyOf<{ models: { model: string; workers: number }[] }>(
      await stack.request('/health'),
    )
    return health.models.some((version) => version.model === model && version.workers === workers)
  })
}
