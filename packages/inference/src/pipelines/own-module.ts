import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Manifest } from '@augur/core/models/manifest'
import { findMismatch, type Tensors } from '../tensor.js'
import { InvalidInputError, type Pipeline, type PipelineTools } from './pipeline.js'

type Exported = (...values: unknown[]) => unknown

/** While the version is loaded there is no prediction whose logs could show it. */
const silent: PipelineTools = { log: () => undefined }

/**
 * The version's own module. It exports `preprocess(input, { log })`, which gives feeds of batch size 1, and
 * `postprocess(outputs, input, { log })`, which gives a JSON value; both may be async. What they hand to `log` is
 * shown to the caller, and so is an error with the name `InvalidInputError`; any other is not.
 */
export async function openOwnModule(
  folder: string,
  { inputs, files }: Pick<Manifest, 'inputs' | 'files'>,
  path: string,
): Promise<Pipeline> {
  const url = pathToFileURL(join(folder, path))
  // A module is cached by its address: another version in the same folder must not get this one.
  url.searchParams.set('sha256', files.find((file) => file.path === path)?.sha256 ?? '')
  const exported: unknown = await import(url.href)
  const preprocess = readFunction(exported, 'preprocess')
  const postprocess = readFunction(exported, 'postprocess')
  return {
    preprocess: async (input, tools = silent) => {
      const feeds = await callModule(preprocess, input, tools)
      assertFeeds(feeds, inputs)
      return feeds
    },
    postprocess: (outputs, input, tools = silent) => callModule(postprocess, outputs, input, tools),
  }
}

function readFunction(exported: unknown, name: string): Exported {
  const found: unknown = Object(exported)[name]
  if (typeof found !== 'function') throw new Error(`the pipeline's module does not export ${name}()`)
  return (...values) => Reflect.apply(found, undefined, values)
}

async function callModule(call: Exported, ...values: unknown[]): Promise<unknown> {
  try {
    return await call(...values)
  } catch (error) {
    if (error instanceof Error && error.name === 'InvalidInputError')
      throw new InvalidInputError(error.message)
    throw error
  }
}

function assertFeeds(feeds: unknown, inputs: Manifest['inputs']): asserts feeds is Tensors {
  const tensors: Tensors = Object(feeds)
  const problem = findMismatch(tensors, inputs) ?? findWrongBatch(tensors, inputs)
  if (problem) throw new TypeError(`preprocess gave feeds that do not fit: ${problem}`)
}

function findWrongBatch(feeds: Tensors, inputs: Manifest['inputs']): string | undefined {
  const wrong = inputs.find(({ name, shape }) => typeof shape?.[0] === 'string' && feeds[name]?.dims[0] !== 1)
  return wrong && `${wrong.name} must have batch size 1`
}
