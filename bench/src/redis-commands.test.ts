import { expect, test } from 'vitest'
import { commandsBetween, parseCommandStats } from './redis-commands.js'

const info = (hset: number, evalsha: number) =>
  `# Commandstats\r\ncmdstat_hset:calls=${hset},usec=${2 * hset},usec_per_call=2.00,rejected_calls=0\r\n` +
  `cmdstat_evalsha:calls=${evalsha},usec=900,usec_per_call=9.00\r\ncmdstat_config|get:calls=1,usec=5,x=0\r\n`

test('every command is read, those of sub-commands too', () => {
  expect(parseCommandStats(info(10, 3))).toEqual({
    hset: { calls: 10, usec: 20 },
    evalsha: { calls: 3, usec: 900 },
    'config|get': { calls: 1, usec: 5 },
  })
})

test('between two readings only what was called in between counts, new commands included', () => {
  const { hset } = parseCommandStats(info(10, 3))
  const between = commandsBetween({ hset: hset ?? { calls: 0, usec: 0 } }, parseCommandStats(info(15, 4)))
  expect(between.hset).toEqual({ calls: 5, usec: 10 })
  expect(between.evalsha).toEqual({ calls: 4, usec: 900 })
  expect(commandsBetween(parseCommandStats(info(1, 1)), parseCommandStats(info(1, 1)))).toEqual({})
})
