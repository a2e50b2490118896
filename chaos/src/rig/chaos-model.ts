import { readFile } from 'node:fs/promises'
import { writeModel } from '@augur/test-support/models'
import { encodeOnnx } from '@augur/test-support/onnx'
import type { RunEvent } from '../history/event.js'

export const modelName = 'augur/chaos'

export interface ServingOptions {
  maxSize: number
  timeoutSeconds: number
}

const pipelineOf = (runsPath: string, revision: number) => `// revision ${revision}
import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const note = (phase, { request }) =>
  appendFileSync(${JSON.stringify(runsPath)}, JSON.stringify({ at: Date.now(), request, pid: process.pid, phase }) + '\\n')

const deaths = {
  kill: () => process.kill(process.pid, 'SIGKILL'),
  abort: () => process.abort(),
  exhaust: () => { const kept = []; for (;;) kept.push(new Array(1e6).fill({})) },
}

export async function preprocess(input) {
  note('begin', input)
  if (input.sleepMs) await delay(input.sleepMs)
  if (input.busyMs) for (const end = Date.now() + input.busyMs; Date.now() < end; );
  while (input.hang) ;
  deaths[input.die]?.()
  return { x: { type: 'float32', dims: [1, 3], data: Float32Array.from(input.value) } }
}

export function postprocess(outputs, input) {
  note('end', input)
  return Array.from(outputs.y.data)
}
`

/** Writes the model under test, y = x + x, which notes every run in a file. */
export async function writeChaosModel(
  dir: string,
  runsPath: string,
  { maxSize, timeoutSeconds }: ServingOptions,
  label = '1',
): Promise<void> {
  const inputs = [{ name: 'x', type: 'float32' as const, shape: ['N', 3] }]
  const outputs = [{ name: 'y', type: 'float32' as const, shape: ['N', 3] }]
  const [, name = ''] = modelName.split('/')
  await writeModel(dir, name, label, {
    onnx: encodeOnnx({ nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }], inputs, outputs }),
    files: { 'pipeline.mjs': pipelineOf(runsPath, Number(label)) },
    manifest: {
      description: 'Adds each number to itself, after whatever it is told to do',
      inputs,
      outputs,
      pipeline: { name: 'module', path: 'pipeline.mjs' },
      serving: { batching: { maxSize, maxDelayMs: 5 }, timeoutSeconds },
    },
  })
}

/** Runs that were noted so far, but for the one of warming up. A line that a death cut short is left out. */
export async function readRuns(runsPath: string): Promise<RunEvent[]> {
  const text = await readFile(runsPath, 'utf8').catch(() => '')
  return text.split('\n').flatMap((line): RunEvent[] => {
    try {
      const run: Omit<RunEvent, 'kind'> = JSON.parse(line)
      return run.request === undefined ? [] : [{ kind: 'run', ...run }]
    } catch {
      return []
    }
  })
}
