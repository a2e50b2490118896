import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TextSpec } from '@augur/core/models/pipelines/text'
import { Tokenizer } from '@huggingface/tokenizers'
import { InvalidInputError } from '../pipelines/pipeline.js'

/** A text as a model for text takes it. Both lists are equally long. */
export interface TokenizedText {
  ids: number[]
  /** 1 for what belongs to the second text of a pair, else 0. */
  typeIds: number[]
}

/** Cuts what is longer than `maxLength` of the manifest; special tokens are never cut. */
export type Tokenize = (text: string, pair?: string) => TokenizedText

interface OpenTokenizer {
  tokenize: Tokenize
  /** The id that fills up a text; undefined where the tokenizer has none. */
  padId: number | undefined
}

/** Reads a version's tokenizer, in the Hugging Face format. Rejects when its file makes none. */
export async function openTokenizer(
  folder: string,
  { tokenizer: path, tokenizerConfig, maxLength }: TextSpec,
): Promise<OpenTokenizer> {
  const definition = await readJsonObject(folder, path)
  const config = tokenizerConfig ? await readJsonObject(folder, tokenizerConfig) : {}
  const tokenizer = build(definition, config, path)
  const specials = tokenizer.encode('').ids.length
  if (specials >= maxLength) throw new Error(`maxLength leaves no room beside ${specials} special tokens`)
  return {
    tokenize: (text, pair) => tokenize(tokenizer, maxLength, text, pair),
    padId: findPadId(definition, tokenizer),
  }
}

async function readJsonObject(folder: string, path: string): Promise<object> {
  const text = await readFile(join(folder, path), 'utf8')
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new Error(`${path} does not hold an object`)
  return value
}

function build(definition: object, config: object, path: string): Tokenizer {
  try {
    return new Tokenizer(definition, config)
  } catch (error) {
    throw new Error(`${path} is no tokenizer that can be used: ${String(error)}`, { cause: error })
  }
}

function tokenize(tokenizer: Tokenizer, maxLength: number, text: string, pair?: string): TokenizedText {
  const plain = { add_special_tokens: false }
  const first = tokenizer.encode(text, plain)
  const second = pair === undefined ? undefined : tokenizer.encode(pair, plain)
  const whole = addSpecials(tokenizer, first.tokens, second?.tokens)
  const cut = cutLongest(first.tokens.length, second?.tokens.length ?? 0, whole.tokens.length - maxLength)
  const { tokens, typeIds } =
    whole.tokens.length <= maxLength
      ? whole
      : addSpecials(tokenizer, first.tokens.slice(0, cut.first), second?.tokens.slice(0, cut.second))
  const ids = new Map<string, number>()
  for (const encoding of second ? [first, second] : [first]) {
    for (const [index, token] of encoding.tokens.entries()) ids.set(token, encoding.ids[index] ?? 0)
  }
  if (tokens.length === 0) throw new InvalidInputError('text holds nothing that the tokenizer knows')
  return { ids: tokens.map((token) => ids.get(token) ?? idOfSpecial(tokenizer, token)), typeIds }
}

/** How many tokens of each text remain when `excess` of them go: as Hugging Face does, always from the longer one. */
function cutLongest(first: number, second: number, excess: number): { first: number; second: number } {
  const total = Math.max(0, first + second - Math.max(0, excess))
  const half = Math.floor(total / 2)
  if (second <= half) return { first: total - second, second }
  if (first <= half) return { first, second: total - first }
  return { first: total - half, second: half }
}

function addSpecials(
  { post_processor: postProcessor }: Tokenizer,
  first: string[],
  second: string[] | undefined,
): { tokens: string[]; typeIds: number[] } {
  const joined = postProcessor?.post_process(first, second ?? null, true)
  const tokens = joined?.tokens ?? [...first, ...(second ?? [])]
  const typeIds = joined?.token_type_ids ?? tokens.map(() => 0)
  return { tokens, typeIds }
}

function idOfSpecial(tokenizer: Tokenizer, token: string): number {
  const id = tokenizer.token_to_id(token)
  if (id === undefined) throw new Error('the tokenizer adds a token that its vocabulary does not hold')
  return id
}

function findPadId(definition: object, tokenizer: Tokenizer): number | undefined {
  const padding: unknown = 'padding' in definition ? definition.padding : undefined
  const id: unknown = Object(padding).pad_id
  if (typeof id === 'number') return id
  return tokenizer.token_to_id('[PAD]') ?? tokenizer.token_to_id('<pad>')
}
