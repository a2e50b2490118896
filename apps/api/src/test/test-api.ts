import { createKey } from '@augur/core/access/manage-keys'
import { type Scope, scopes as allScopes } from '@augur/core/access/scopes'
import { loadConfig } from '@augur/core/config'
import { randomToken } from '@augur/core/ids'
import { CatalogueStore } from '@augur/core/models/catalogue-store'
import type { VersionState } from '@augur/core/models/presence'
import type { Ending } from '@augur/core/predictions/prediction'
import { createLogger } from '@augur/core/telemetry/logger'
import { defaultTenant } from '@augur/core/tenant'
import { roleUrl } from '@augur/test-support/redis-url'
import { createTestContext, testVersion } from '@augur/test-support/test-context'
import { expect } from 'vitest'
import { createApp } from '../app.js'
import { apiSettings } from '../config.js'
import { createContext } from '../context.js'
import { type Problem, problemMediaType, problemSchema } from '../problem.js'

export const validInput = { x: [1, 2, 3] }

const success: Omit<Ending, 'completedAt'> = {
  status: 'succeeded',
  output: { kind: 'inline', json: '{"y":[2,4,6]}' },
  error: null,
  errorCode: null,
  provenance: null,
}

/** The API as a process has it, without a socket, on the run's Redis; and a worker that the test plays itself. */
export async function createTestApi(env: Record<string, string> = {}) {
  const core = await createTestContext(env.REDIS_URL === undefined ? {} : { url: env.REDIS_URL })
  const store = new CatalogueStore(core.redis, core.keys)
  const settings = loadConfig(apiSettings, {
    REDIS_URL: roleUrl('api'),
    AUGUR_REDIS_PREFIX: core.prefix,
    AUGUR_DATA_DIR: core.folder,
    AUGUR_DEFAULT_MODEL: testVersion.model,
    ...env,
  })
  const context = await createContext(settings, createLogger('test', 'fatal'))
  const app = createApp(context)

  async function announce(state: VersionState): Promise<void> {
    const { id, model, label } = testVersion
    await store.announce({ worker: 'w1', versions: [{ id, model, label, state }], problems: [] })
    await context.catalogue.refresh()
  }

  async function work(id: string, ending: Partial<Ending> = {}): Promise<void> {
    const [claimed] = await core.predictions.claim([{ id, epoch: 0, token: randomToken() }], Date.now())
    if (claimed?.kind !== 'claimed') throw new Error(`not claimed but ${claimed?.kind}`)
    const finish = {
      prediction: claimed.prediction,
      ending: { ...success, completedAt: Date.now(), ...ending },
      deliveries: [],
    }
    await core.predictions.finish(core.tag, testVersion.id, [finish])
  }

  function post(path: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) {
    return app.request(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
      ...(signal && { signal }),
    })
  }

  async function signIn(tenant: string, scopes: readonly Scope[] = allScopes) {
    const by = { actor: 'local', tenant, address: '127.0.0.1' }
    const { text } = await createKey({ ...context, by }, { name: 'test', tenant, scopes, expiresAt: null })
    return { authorization: `Bearer ${text}` }
  }

  await store.publish(testVersion, Date.now())
  await announce('ready')
  return {
    app,
    context,
    core,
    announce,
    /** Claims the prediction and ends it, by default with success. */
    work,
    post,
    /** Headers of a new key of that tenant. */
    signIn,
    create: (headers: Record<string, string> = {}, signal?: AbortSignal) =>
      post('/api/v1/predictions', { version: testVersion.id, input: validInput }, headers, signal),
    /** Ids of a tenant's predictions, newest first. */
    ids: (tenant = defaultTenant) => core.index.list(tenant, null, 1000),
    /** Resolves with the id of the next request that is held. */
    async held(): Promise<string> {
      await expect.poll(() => context.subscriptions.size).toBe(1)
      const [id = ''] = await core.index.list(defaultTenant, null, 1)
      return id
    },
    async close() {
      context.waiting.stop()
      context.streams.stop()
      await context.close()
      await core.close()
    },
  }
}

export type TestApi = Awaited<ReturnType<typeof createTestApi>>

/** The problem that a response must be. */
export async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe(problemMediaType)
  const problem = problemSchema.parse(await response.json())
  expect(problem.status).toBe(response.status)
  return problem
}
