import { Redis } from 'ioredis'

export interface PredictionJob {
  input: { pixels: number[] }
  webhook?: string
}

export interface Classification {
  label: string
  probabilities: Record<string, number>
}

export interface WebhookJob {
  url: string
  prediction: { id: string; status: string; input: unknown; output: Classification; error: null }
}

export const connect = () => new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })

export const keepForPolls = { removeOnComplete: { age: 3600 }, removeOnFail: { age: 24 * 3600 } }

export const retryThreeTimes = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 1000 },
  removeOnComplete: true,
  removeOnFail: { age: 24 * 3600 },
}
