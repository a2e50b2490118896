import { expect, test } from 'vitest'
import { cpuSecondsOf, parseStat, treeOf } from './cpu.js'

const line = (pid: number, name: string, parent: number) =>
  `${pid} (${name}) S ${parent} ${pid} ${pid} 0 -1 4194304 900 0 0 0 150 50 20 30 20 0 11 0 500 1000 300 0 0`

test('the time of a process is its own and that of its ended children, in seconds', () => {
  expect(parseStat(line(42, 'node', 7))).toEqual({ pid: 42, parent: 7, cpuSeconds: 2.5 })
})

test('a name with spaces and brackets does not shift the fields', () => {
  expect(parseStat(line(42, 'a) S 1 (b', 7))).toEqual({ pid: 42, parent: 7, cpuSeconds: 2.5 })
})

test('a tree holds grandchildren, and nothing of its neighbours', () => {
  const parents = { 1: 0, 10: 1, 11: 10, 12: 11, 20: 1, 21: 20 }
  const processes = Object.entries(parents).map(([pid, parent]) => parseStat(line(Number(pid), 'x', parent)))
  expect(treeOf(10, processes).map(({ pid }) => pid)).toEqual([10, 11, 12])
  expect(cpuSecondsOf(10, processes)).toBe(7.5)
})

test('a process that is gone costs nothing', () => {
  expect(cpuSecondsOf(5, [])).toBe(0)
})
