import { setTimeout as delay } from 'node:timers/promises'
import { type ProvidedRedis, provideRedis, type ProvideRedisOptions } from '@augur/core/redis/provide-redis'
import { backOffMs } from './process-supervisor.js'

interface KeptRedis {
  url: string
  source: ProvidedRedis['source']
  /** Ends the private server and its restarts. */
  stop(killAfterMs?: number): Promise<void>
}

interface KeepRedisOptions extends ProvideRedisOptions {
  report: (line: string) => void
}

/** Provides Redis and starts a private one again, with its data and on its port, when it ends by itself. */
export async function keepRedis(options: KeepRedisOptions): Promise<KeptRedis> {
  let current = await provideRedis(options)
  const { url, source } = current
  const stopping = new AbortController()

  const restart = async (quickEnds: number) => {
    options.report(`Redis ended by itself; starting it again in ${backOffMs(quickEnds)} ms.`)
    await delay(backOffMs(quickEnds), undefined, { signal: stopping.signal })
    current = await provideRedis({ ...options, port: Number(new URL(url).port) })
  }
  const watch = async () => {
    for (let quickEnds = 0; ; quickEnds++) {
      const startedAt = Date.now()
      await current.exited
      if (stopping.signal.aborted) return
      if (Date.now() - startedAt >= 30_000) quickEnds = 0
      await restart(quickEnds).catch((error: Error) => {
        if (!stopping.signal.aborted) options.report(error.message)
      })
      if (stopping.signal.aborted) return
    }
  }
  const watching = source === 'configured' ? Promise.resolve() : watch()
  const stop = async (killAfterMs?: number) => {
    stopping.abort()
    await current.stop(killAfterMs)
    await watching
    // A restart that was under way has ended by now, with a server that must go too.
    await current.stop(killAfterMs)
  }
  return { url, source, stop }
}
