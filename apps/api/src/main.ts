import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { loadConfig, readEnvironment, secretsOf } from '@augur/core/config'
import { exitWithParent } from '@augur/core/exit-with-parent'
import { armFailpoints } from '@augur/core/failpoints'
import { withMasterKey } from '@augur/core/master-key'
import { requireDurability } from '@augur/core/redis/require-durability'
import { refuseStart } from '@augur/core/refuse-start'
import { closeOnSignals, Shutdown } from '@augur/core/shutdown'
import { StartupError } from '@augur/core/startup-error'
import { createLogger } from '@augur/core/telemetry/logger'
import { createApp } from './app.js'
import { apiSettings } from './config.js'
import { createContext } from './context.js'
import { cutSlowReaders } from './cut-slow-readers.js'
import { requireKeys } from './require-keys.js'
import { closeHttpServer, createHttpServer } from './server.js'

const drainMs = 1500

async function start(): Promise<void> {
  exitWithParent(process.env)
  const given = loadConfig(apiSettings, readEnvironment(process.env, process.cwd()))
  const settings = await withMasterKey(given)
  const logger = createLogger('api', settings.AUGUR_LOG_LEVEL, secretsOf(settings))
  const shutdown = new Shutdown(logger)
  closeOnSignals(shutdown, logger)

  const context = await createContext(settings, logger)
  shutdown.add('context', () => context.close())
  shutdown.add('traces', async () => context.tracing?.close())
  armFailpoints(settings, context)
  if (settings.AUGUR_MODE === 'production')
    requireDurability(context.redis, (faults) => refuseStart(new StartupError(faults.join(' '))))

  await requireKeys(context, (reason) => refuseStart(new StartupError(reason)))

  const server = createHttpServer(createApp(context), undefined, () => context.stopping)
  server.maxConnections = settings.AUGUR_MAX_CONNECTIONS
  cutSlowReaders(server)
  server.listen(settings.PORT, settings.HOST)
  await once(server, 'listening')
  shutdown.add('server', () => closeHttpServer(server, drainMs))
  shutdown.add('waiting clients', () => {
    context.waiting.stop()
    context.streams.stop()
  })
  const leaveMs = settings.AUGUR_LEAVE_SECONDS * 1000
  const leave = async () => {
    context.stopping = true
    await delay(leaveMs)
  }
  shutdown.add('load balancers', leave, leaveMs + 1000)
  logger.info({ address: server.address() }, 'API started')
}

start().catch(refuseStart)
