import { loadConfig, sharedSettings } from './config.js'
import { armFailpoints, parseFailpoint } from './failpoints.js'
import { expect, test } from 'vitest'

const settings = (AUGUR_FAILPOINTS: string, AUGUR_MODE = 'development') =>
  loadConfig(sharedSettings, { AUGUR_FAILPOINTS, AUGUR_MODE })

function createParts() {
  const taken: unknown[] = []
  class Deliveries {
    async add(ids: readonly string[]): Promise<number> {
      taken.push(...ids)
      return ids.length
    }
  }
  return { deliveries: new Deliveries(), taken }
}

test('a failpoint has a place that exists, an action, and the pass that it is meant for', () => {
  expect(parseFailpoint('worker.after-run:kill#7')).toEqual({
    place: 'worker.after-run',
    action: { kind: 'kill' },
    pass: 7,
  })
  expect(parseFailpoint('api.after-store:delay=50')).toMatchObject({
    action: { kind: 'delay', ms: 50 },
    pass: null,
  })
  for (const text of [
    'worker.nowhere:kill',
    'worker.after-run',
    'worker.after-run:explode',
    'toString:kill',
    '',
  ])
    expect(parseFailpoint(text)).toBeNull()
  expect(() => settings('worker.nowhere:kill')).toThrow('AUGUR_FAILPOINTS')
})

test('nothing is touched where no failpoint is set', () => {
  const parts = createParts()
  armFailpoints(settings(''), parts)
  expect(Object.hasOwn(parts.deliveries, 'add')).toBe(false)
})

test('production mode refuses failpoints, and a process those of another', () => {
  const set = settings('worker.before-announce:kill', 'production')
  expect(() => armFailpoints(set, createParts())).toThrow('refused in production mode')
  expect(() => armFailpoints(settings('worker.after-run:kill'), createParts())).toThrow(
    'has no worker.after-run',
  )
})

test('it acts at its pass alone, before or after the step, and a step without anything to do is no pass', async () => {
  const before = createParts()
  armFailpoints(settings('worker.before-announce:fail#2'), before)
  expect(await before.deliveries.add(['a'])).toBe(1)
  expect(await before.deliveries.add([])).toBe(0)
  await expect(before.deliveries.add(['b'])).rejects.toThrow('failpoint worker.before-announce')
  expect(await before.deliveries.add(['c'])).toBe(1)
  expect(before.taken).toEqual(['a', 'c'])

  const after = createParts()
  armFailpoints(settings('worker.after-announce:fail'), after)
  await expect(after.deliveries.add(['a'])).rejects.toThrow('failpoint')
  expect(after.taken).toEqual(['a'])
})

test('the place behind a step is not passed where the step failed', async () => {
  const parts = createParts()
  const add = parts.deliveries.add.bind(parts.deliveries)
  parts.deliveries.add = async (ids) => {
    if (ids.includes('bad')) throw new Error('refused')
    return add(ids)
  }
  armFailpoints(settings('worker.after-announce:fail#2'), parts)
  expect(await parts.deliveries.add(['a'])).toBe(1)
  await expect(parts.deliveries.add(['bad'])).rejects.toThrow('refused')
  await expect(parts.deliveries.add(['b'])).rejects.toThrow('failpoint')
  expect(parts.taken).toEqual(['a', 'b'])
})
