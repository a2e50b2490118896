import { once } from 'node:events'
import { loadConfig, readEnvironment } from '@augur/core/config'
import { exitWithParent } from '@augur/core/exit-with-parent'
import { armFailpoints } from '@augur/core/failpoints'
import { withMasterKey } from '@augur/core/master-key'
import { requireTrueClock } from '@augur/core/redis/clock-skew'
import { requireDurability } from '@augur/core/redis/require-durability'
import { refuseStart } from '@augur/core/refuse-start'
import { closeOnSignals, Shutdown } from '@augur/core/shutdown'
import { StartupError } from '@augur/core/startup-error'
import { workerSettings } from './config.js'
import { createContext, type WorkerContext } from './context.js'
import { deliverWebhooks } from './deliver-webhooks.js'
import { createOperations } from './operations.js'
import { reconcile } from './reconcile.js'
import { type PredictionRole, servePredictions } from './serve-predictions.js'
import { sweepPayloads } from './sweep-payloads.js'
import { watchGuardrails } from './watch-guardrails.js'

const connectionsDeadlineMs = 1000

async function serveOperations(
  context: WorkerContext,
  role: PredictionRole | null,
  shutdown: Shutdown,
): Promise<void> {
  const { AUGUR_WORKER_HOST: host, AUGUR_WORKER_PORT: port } = context.settings
  if (port === 0) return
  const server = createOperations({ metrics: context.metrics, notReady: () => role?.notReady() ?? null })
  server.listen(port, host)
  await once(server, 'listening')
  shutdown.add('operations', () => void server.close())
}

async function start(): Promise<void> {
  exitWithParent(process.env)
  const given = loadConfig(workerSettings, readEnvironment(process.env, process.cwd()))
  const settings = await withMasterKey(given)
  const context = await createContext(settings)
  armFailpoints(settings, context)
  const shutdown = new Shutdown(context.logger)
  if (settings.AUGUR_MODE === 'production')
    requireDurability(context.redis, (faults) => refuseStart(new StartupError(faults.join(' '))))
  requireTrueClock(context.redis, context.now, (reason) => refuseStart(new StartupError(reason)))
  closeOnSignals(shutdown, context.logger)
  shutdown.add(
    'connections',
    () => {
      context.redis.disconnect()
      context.subscriber.disconnect()
    },
    connectionsDeadlineMs,
  )
  shutdown.add('traces', async () => context.tracing?.close())
  shutdown.add(
    'queues',
    async () =>
      void (await Promise.all([
        context.queues.close(),
        context.chunkQueues.close(),
        context.shadowQueues.close(),
        context.deliveries.close(),
      ])),
  )
  shutdown.add(
    'outbound',
    async () => void (await Promise.all([context.agent.close(), context.staging.downloads.source.close()])),
  )

  const roles = new Set(settings.AUGUR_WORKER_ROLES)
  const graceMs = settings.AUGUR_GRACE_SECONDS * 1000
  if (roles.has('maintenance')) {
    const loops = [reconcile(context), sweepPayloads(context), watchGuardrails(context)]
    shutdown.add('maintenance', async () => void (await Promise.all(loops.map((loop) => loop.stop()))))
  }
  if (roles.has('webhooks')) {
    const role = deliverWebhooks(context)
    shutdown.add('webhooks', () => role.stop())
  }
  const predictions = roles.has('predictions') ? servePredictions(context) : null
  if (predictions) shutdown.add('predictions', () => predictions.stop(), graceMs + 3000)
  await serveOperations(context, predictions, shutdown)
  context.logger.info({ worker: context.worker, roles: [...roles] }, 'worker started')
}

start().catch(refuseStart)
