import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { System } from '../system.js'

/** Jobs that do nothing, in a process of their own. */
export interface BareQueue {
  processes: System['processes']
  /** Adds so many jobs, 64 outstanding, and resolves when all of them have run. */
  run(count: number): Promise<void>
  stop(): Promise<void>
}

/** Starts a producer and a consumer of empty jobs on that Redis. */
export async function startBareQueue(redisUrl: string): Promise<BareQueue> {
  const child = fork(fileURLToPath(new URL('./process.js', import.meta.url)), {
    env: { ...process.env, REDIS_URL: redisUrl },
  })
  const { pid = 0 } = child
  const ended = once(child, 'exit')
  const answer = () => Promise.race([once(child, 'message'), failWhen(ended)])
  await answer()
  return {
    processes: () => [{ name: 'worker', pid }],
    async run(count) {
      const done = answer()
      child.send(count)
      await done
    },
    async stop() {
      child.disconnect()
      await ended
    },
  }
}

async function failWhen(ended: Promise<unknown>): Promise<never> {
  await ended
  throw new Error('The bare queue ended by itself.')
}
