import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { deadline } from './deadline.js'

test('a deadline aborts when its time is over', async () => {
  const { signal } = deadline(5)
  await new Promise((resolve) => signal.addEventListener('abort', resolve))
  expect(signal.aborted).toBe(true)
})

test('it aborts with the signal that it was given, also with one that has aborted', () => {
  const outer = new AbortController()
  const before = deadline(60_000, outer.signal)
  outer.abort(new Error('enough'))
  const after = deadline(60_000, outer.signal)
  expect([before.signal.reason.message, after.signal.reason.message]).toEqual(['enough', 'enough'])
  before.clear()
  after.clear()
})

test('one that was cleared never aborts', async () => {
  const outer = new AbortController()
  const { signal, clear } = deadline(1, outer.signal)
  clear()
  outer.abort()
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(signal.aborted).toBe(false)
})

test('garbage collection does not take it away from who waits for it', () => {
  const script = `
    import { once, EventEmitter } from 'node:events'
    import { deadline } from ${JSON.stringify(new URL('./deadline.ts', import.meta.url).href)}
    const { signal } = deadline(200, new AbortController().signal)
    setTimeout(() => { gc(); gc() }, 50)
    await once(new EventEmitter(), 'never', { signal }).catch(() => process.stdout.write('over'))`
  const args = ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', script]
  expect(spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 }).stdout).toBe('over')
})
