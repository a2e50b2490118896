import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Shutdown } from './shutdown.js'

const silent = pino({ level: 'silent' })

test('parts close in the reverse of the order in which they were opened', async () => {
  const closed: string[] = []
  const shutdown = new Shutdown(silent)
  for (const name of ['redis', 'queue', 'server']) {
    shutdown.add(name, async () => {
      closed.push(name)
    })
  }
  await shutdown.close()
  expect(closed).toEqual(['server', 'queue', 'redis'])
})

test('a part that fails or hangs does not keep the others open', async () => {
  const closed: string[] = []
  const shutdown = new Shutdown(silent)
  shutdown.add('redis', () => void closed.push('redis'))
  shutdown.add('broken', () => Promise.reject(new Error('broken')))
  shutdown.add('hanging', () => new Promise(() => {}), 10)
  await shutdown.close()
  expect(closed).toEqual(['redis'])
})

test('closing twice closes each part once', async () => {
  let closed = 0
  const shutdown = new Shutdown(silent)
  shutdown.add('part', () => void closed++)
  await Promise.all([shutdown.close(), shutdown.close()])
  expect(closed).toBe(1)
})
