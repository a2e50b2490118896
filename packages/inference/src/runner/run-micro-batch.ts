import { joinFeeds, joinKey, splitOutputs } from '../batch-tensors.js'
import { encodeJson } from '../encode-json.js'
import type { OnnxSession } from '../onnx-session.js'
import { InvalidInputError, type Pipeline } from '../pipelines/pipeline.js'
import type { Tensors } from '../tensor.js'
import { type Failure, toFailure } from './item-failure.js'
import type { ItemResult, RunTimings } from './protocol.js'

/** What a micro-batch runs on. */
export interface Model {
  session: OnnxSession
  pipeline: Pipeline
  canJoin: boolean
}

/** One input on its way through the stages: it has feeds, then outputs, or a failure. */
interface Item {
  input?: unknown
  feeds?: Tensors
  outputs?: Tensors
  failure?: Failure
}
type PreparedItem = Item & { feeds: Tensors }

/**
 * Runs inputs (JSON texts) in as few session runs as possible. One that fails, fails alone. Rejects only with
 * `OutOfMemoryError`.
 */
export async function runMicroBatch(
  model: Model,
  inputs: readonly string[],
): Promise<{ results: ItemResult[]; timings: RunTimings }> {
  const startMs = performance.now()
  const items = await Promise.all(inputs.map((text) => preprocess(model.pipeline, text)))
  const preparedMs = performance.now()
  for (const group of groupItems(items, model.canJoin)) await runGroup(model.session, group)
  const ranMs = performance.now()
  const results = await Promise.all(items.map((item) => postprocess(model.pipeline, item)))
  const endMs = performance.now()
  return {
    results,
    timings: { preprocessMs: preparedMs - startMs, runMs: ranMs - preparedMs, postprocessMs: endMs - ranMs },
  }
}

async function preprocess(pipeline: Pipeline, text: string): Promise<Item> {
  try {
    const input = parseInput(text)
    return { input, feeds: await pipeline.preprocess(input) }
  } catch (error) {
    return { failure: toFailure('preprocess', error) }
  }
}

function parseInput(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidInputError('input is not JSON')
  }
}

/** Items whose feeds fit together, in their order. */
function groupItems(items: readonly Item[], canJoin: boolean): PreparedItem[][] {
  const groups = new Map<string, PreparedItem[]>()
  for (const [index, item] of items.entries()) {
    if (!isPrepared(item)) continue
    const key = canJoin ? joinKey(item.feeds) : String(index)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return [...groups.values()]
}

function isPrepared(item: Item): item is PreparedItem {
  return item.feeds !== undefined
}

/** When a joined run fails, each item runs alone, so that only the one at fault fails. */
async function runGroup(session: OnnxSession, items: PreparedItem[]): Promise<void> {
  if (await runJoined(session, items)) return
  for (const item of items) await runJoined(session, [item])
}

/** Gives each item its outputs. False when they have to run one by one. */
async function runJoined(session: OnnxSession, items: PreparedItem[]): Promise<boolean> {
  try {
    const outputs = await session.run(joinFeeds(items.map(({ feeds }) => feeds)))
    const rows = splitOutputs(outputs, items.length)
    if (!rows) return false
    for (const [index, item] of items.entries()) item.outputs = rows[index] ?? {}
    return true
  } catch (error) {
    const failure = toFailure('run', error)
    for (const item of items) if (items.length === 1) item.failure = failure
    return items.length === 1
  }
}

async function postprocess(pipeline: Pipeline, { input, outputs, failure }: Item): Promise<ItemResult> {
  try {
    if (failure) return failure
    return { ok: true, output: encodeJson(await pipeline.postprocess(outputs ?? {}, input)) }
  } catch (error) {
    return toFailure('postprocess', error)
  }
}
