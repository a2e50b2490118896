import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '@augur/core/config'
import type { Catalogue } from '@augur/core/models/catalogue'
import type { VersionState } from '@augur/core/models/presence'
import { DesiredModels } from '@augur/core/models/desired-models'
import { createPrediction } from '@augur/core/predictions/create-prediction'
import { isTerminal, type Prediction } from '@augur/core/predictions/prediction'
import { roleUrl } from '@augur/test-support/redis-url'
import { createTestContext } from '@augur/test-support/test-context'
import { expect } from 'vitest'
import { workerSettings } from '../config.js'
import { createContext } from '../context.js'
import { servePredictions } from '../serve-predictions.js'

const timing = { settleMs: 100, debounceMs: 20, lingerMs: 300 }

/** The role `predictions` as a worker has it, in this process, with real runners, on an empty model repository. */
export async function createTestWorker(env: Record<string, string> = {}) {
  const core = await createTestContext()
  const modelsDir = await mkdtemp(join(tmpdir(), 'augur-models-'))
  const settings = loadConfig(workerSettings, {
    REDIS_URL: roleUrl('worker'),
    AUGUR_REDIS_PREFIX: core.prefix,
    AUGUR_DATA_DIR: core.folder,
    AUGUR_MODELS_DIR: modelsDir,
    AUGUR_MODELS_RESCAN_SECONDS: '1',
    AUGUR_LOG_LEVEL: 'fatal',
    ...env,
  })
  const context = await createContext(settings)
  let role = servePredictions(context, timing)
  const catalogue = () => context.catalogue.read()

  return {
    context,
    core,
    modelsDir,
    desired: new DesiredModels(core.redis, core.keys),
    catalogue,
    notReady: () => role.notReady(),
    /** Waits until the catalogue says what is wanted. */
    async until(condition: (catalogue: Catalogue) => boolean): Promise<Catalogue> {
      await expect.poll(async () => condition(await catalogue())).toBe(true)
      return catalogue()
    },
    async untilState(id: string, state: VersionState | 'unserved'): Promise<Catalogue> {
      await expect.poll(async () => (await catalogue()).stateOf(id)).toBe(state)
      return catalogue()
    },
    /** Submits to what `reference` resolves to now. */
    async submit(reference: string, x: number[]): Promise<string> {
      const created = await createPrediction(core, {
        version: (await catalogue()).resolve(reference),
        input: JSON.stringify({ x }),
        form: 'pipeline',
        class: 'submission',
        webhook: null,
        webhookEvents: [],
        idempotency: null,
      })
      return created.prediction.id
    },
    async ended(id: string): Promise<Prediction> {
      let prediction: Prediction | null = null
      const isEnded = async () => {
        prediction = await core.predictions.read(id)
        return prediction !== null && isTerminal(prediction.status)
      }
      await expect.poll(isEnded).toBe(true)
      if (prediction === null) throw new Error(`no prediction ${id}`)
      return prediction
    },
    /** Stops the role and starts it again, as a restart of the process does. */
    async restart(): Promise<void> {
      await role.stop()
      role = servePredictions(context, timing)
    },
    async close() {
      await role.stop()
      await Promise.all([
        context.queues.close(),
        context.shadowQueues.close(),
        context.deliveries.close(),
        context.agent.close(),
      ])
      await context.staging.downloads.source.close()
      context.redis.disconnect()
      context.subscriber.disconnect()
      await core.close()
      await rm(modelsDir, { recursive: true, force: true })
    },
  }
}

export type TestWorker = Awaited<ReturnType<typeof createTestWorker>>
