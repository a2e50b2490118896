import { expect, test } from 'vitest'
import { firstKey, slotOf } from './key-slot.js'
import { endOfReply, readCommand } from './resp.js'

test('slots are those that the specification of Redis Cluster gives', () => {
  expect([
    slotOf('123456789'),
    slotOf('foo'),
    slotOf('augur:{foo}:a:{b}'),
    slotOf('{}foo') === slotOf('foo'),
  ]).toEqual([12_739, 12_182, 12_182, false])
})

test.each([
  ['GET a', 'a'],
  ['EVALSHA abc 2 a b c', 'a'],
  ['EVAL abc 0 c', null],
  ['XREAD BLOCK 5 STREAMS a 0', 'a'],
  ['XINFO STREAM a', 'a'],
  ['PUBLISH channel text', null],
])('the first key of %s is %s', (command, key) => {
  expect(firstKey(command.split(' ').map((word) => Buffer.from(word)))).toBe(key)
})

test('commands and replies are taken whole or not at all', () => {
  const command = Buffer.from('*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n')
  expect(readCommand(command, 0)).toEqual({
    words: [Buffer.from('GET'), Buffer.from('a\r\nb')],
    end: command.length,
  })
  const reply = Buffer.from('*3\r\n$-1\r\n:1\r\n*1\r\n+OK\r\n')
  for (let length = 0; length < reply.length; length++)
    expect(endOfReply(reply.subarray(0, length), 0)).toBe(-1)
  expect(endOfReply(reply, 0)).toBe(reply.length)
})
