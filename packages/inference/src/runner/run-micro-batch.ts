import type { Manifest } from '@augur/core/models/manifest'
import { canJoin, joinFeeds, joinKey, rowCount, splitOutputs } from '../batch-tensors.js'
import { encodeJson } from '../encode-json.js'
import type { OnnxSession } from '../onnx-session.js'
import { cutOutputs, padFeeds } from '../pad-tensors.js'
import { InvalidInputError, type Pipeline } from '../pipelines/pipeline.js'
import { openTensors } from '../pipelines/tensors.js'
import { findMismatch, type Tensors } from '../tensor.js'
import { type Failure, toFailure } from './item-failure.js'
import type { ItemResult, RunInput, RunTimings } from './protocol.js'
import { RunLog } from './run-log.js'

/** What a micro-batch runs on. */
export interface Model {
  session: OnnxSession
  /** By the form of the input. */
  pipelines: Record<RunInput['form'], Pipeline>
  manifest: Pick<Manifest, 'inputs' | 'outputs' | 'serving'>
  canJoin: boolean
}

/** One input on its way through the stages: it has feeds, then outputs, or a failure. */
interface Item {
  pipeline: Pipeline
  log: RunLog
  input?: unknown
  feeds?: Tensors
  outputs?: Tensors
  failure?: Failure
}
type PreparedItem = Item & { feeds: Tensors }

/** A loaded version, ready to run. */
export function createModel(session: OnnxSession, pipeline: Pipeline, manifest: Manifest): Model {
  const isRaw = manifest.pipeline.name === 'tensors'
  return {
    session,
    pipelines: {
      pipeline: isRaw ? pipeline : withDeclaredOutputs(pipeline, manifest),
      tensors: openTensors(manifest, 'data'),
    },
    manifest,
    canJoin: canJoin(manifest),
  }
}

/**
 * Runs inputs in as few session runs as possible. One that fails, fails alone. Rejects only with
 * `OutOfMemoryError`.
 */
export async function runMicroBatch(
  model: Model,
  inputs: readonly RunInput[],
): Promise<{ results: ItemResult[]; timings: RunTimings }> {
  const startedAt = Date.now()
  const startMs = performance.now()
  const items = await Promise.all(inputs.map((input) => preprocess(model, input)))
  const preparedMs = performance.now()
  for (const group of groupItems(items, model)) await runGroup(model, group)
  const ranMs = performance.now()
  const results = await Promise.all(items.map(postprocess))
  const endMs = performance.now()
  return {
    results,
    timings: {
      startedAt,
      preprocessMs: preparedMs - startMs,
      runMs: ranMs - preparedMs,
      postprocessMs: endMs - ranMs,
    },
  }
}

/** A model may answer in another shape than it says. Raw tensors show that; a pipeline would compute nonsense. */
function withDeclaredOutputs(pipeline: Pipeline, { outputs: specs }: Manifest): Pipeline {
  return {
    preprocess: (input, tools) => pipeline.preprocess(input, tools),
    postprocess: (outputs, input, tools) => {
      const problem = findMismatch(outputs, specs)
      if (problem) throw new TypeError(`output ${problem}`)
      return pipeline.postprocess(outputs, input, tools)
    },
  }
}

async function preprocess({ pipelines }: Model, { form, json }: RunInput): Promise<Item> {
  const pipeline = pipelines[form]
  const log = new RunLog()
  try {
    const input = parseInput(json)
    return { pipeline, log, input, feeds: await pipeline.preprocess(input, log.tools) }
  } catch (error) {
    return { pipeline, log, failure: toFailure('preprocess', error) }
  }
}

function parseInput(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidInputError('input is not JSON')
  }
}

/** Items whose feeds fit together, in their order, in groups of no more rows than a run may have. */
function groupItems(items: readonly Item[], { canJoin: joins, manifest }: Model): PreparedItem[][] {
  const { maxSize, padding = {} } = manifest.serving.batching
  const groups: PreparedItem[][] = []
  const open = new Map<string, { group: PreparedItem[]; rows: number }>()
  for (const item of items) {
    if (!isPrepared(item)) continue
    const key = joins ? joinKey(item.feeds, manifest.inputs, padding) : ''
    const rows = rowCount(item.feeds)
    const fitting = open.get(key)
    if (joins && fitting && fitting.rows + rows <= maxSize) {
      fitting.group.push(item)
      fitting.rows += rows
    } else {
      const group = [item]
      groups.push(group)
      open.set(key, { group, rows })
    }
  }
  return groups
}

function isPrepared(item: Item): item is PreparedItem {
  return item.feeds !== undefined
}

/** When a joined run fails, each item runs alone, so that only the one at fault fails. */
async function runGroup(model: Model, items: PreparedItem[]): Promise<void> {
  if (await runJoined(model, items)) return
  for (const item of items) await runJoined(model, [item])
}

/** Gives each item its outputs. False when they have to run one by one. */
async function runJoined({ session, manifest }: Model, items: PreparedItem[]): Promise<boolean> {
  const feeds = items.map((item) => item.feeds)
  const { padding } = manifest.serving.batching
  try {
    const padded = padding ? padFeeds(feeds, manifest.inputs, padding) : feeds
    const parts = splitOutputs(await session.run(joinFeeds(padded)), feeds.map(rowCount))
    if (!parts) return false
    for (const [index, item] of items.entries()) {
      const part = parts[index] ?? {}
      const lengths = { own: item.feeds, padded: padded[index] ?? {} }
      item.outputs = padding ? cutOutputs(part, lengths, manifest) : part
    }
    return true
  } catch (error) {
    const failure = toFailure('run', error)
    for (const item of items) if (items.length === 1) item.failure = failure
    return items.length === 1
  }
}

async function postprocess(item: Item): Promise<ItemResult> {
  const { pipeline, log, input, outputs, failure } = item
  try {
    if (failure) return { ...failure, ...log.member }
    const output = encodeJson(await pipeline.postprocess(outputs ?? {}, input, log.tools))
    return { ok: true, output, ...log.member }
  } catch (error) {
    return { ...toFailure('postprocess', error), ...log.member }
  }
}
