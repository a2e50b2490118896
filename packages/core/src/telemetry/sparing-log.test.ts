import { expect, test } from 'vitest'
import { SparingLog } from './sparing-log.js'

test('what happens all the time is logged once in a while, with how often it happened', () => {
  const lines: unknown[] = []
  let now = 0
  const log = new SparingLog({ warn: (fields: object) => void lines.push(fields) }, 1000, () => now)
  for (; now < 2500; now += 10) {
    log.warn('one', { cause: 1 }, 'went wrong')
    if (now === 500) log.warn('other', { cause: 2 }, 'went wrong')
  }
  expect(lines).toEqual([{ cause: 1 }, { cause: 2 }, { cause: 1, unsaid: 99 }, { cause: 1, unsaid: 99 }])
})
