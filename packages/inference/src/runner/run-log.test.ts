import { expect, test } from 'vitest'
import { RunLog } from './run-log.js'

test('every entry is a line, whatever it is', () => {
  const log = new RunLog()
  for (const entry of ['one', 'two\n', { three: 3 }, undefined]) log.tools.log(entry)
  expect(log.member).toEqual({ logs: 'one\ntwo\n{ three: 3 }\nundefined\n' })
})

test('what says nothing has no member', () => {
  expect(new RunLog().member).toEqual({})
})

test('a module that never stops writing fills a bounded log, which says that it is not all', () => {
  const log = new RunLog()
  for (let i = 0; i < 10_000; i++) log.tools.log('0123456789')
  const { logs = '' } = log.member
  expect(logs.length).toBeLessThan(17_000)
  expect(logs.endsWith('0123456789\n(the rest was left out)\n')).toBe(true)
  log.tools.log('x'.repeat(100))
  expect(log.member.logs).toBe(logs)
})
