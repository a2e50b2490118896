import { expect, test } from 'vitest'
import { parseGpuUsage } from './gpu-usage.js'

test('several GPUs: the busiest, and the memory of all', () => {
  expect(parseGpuUsage('12, 100\n87, 20\n')).toEqual({ utilisation: 87, memoryBytes: 120 * 1024 ** 2 })
})

test('what nvidia-smi cannot tell is not measured', () => {
  expect(parseGpuUsage('[N/A], [N/A]\n')).toBeNull()
  expect(parseGpuUsage('No devices were found')).toBeNull()
})
