import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TextSpec } from '@augur/core/models/pipelines/text'
import { wordPieceTokenizer } from '@augur/test-support/tokenizer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTokenizer } from './open-tokenizer.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'augur-tokenizer-'))
  await writeFile(join(folder, 'tokenizer.json'), wordPieceTokenizer())
  await writeFile(join(folder, 'bare.json'), wordPieceTokenizer({ specials: false }))
  await writeFile(join(folder, 'broken.json'), '{"model": {"type": "Nonsense"}}')
  await writeFile(join(folder, 'config.json'), '{"do_lowercase_and_remove_accent": true}')
})
afterAll(() => rm(folder, { recursive: true }))

function specOf(maxLength: number, tokenizer = 'tokenizer.json'): TextSpec {
  return {
    name: 'text-embedding',
    tokenizer,
    maxLength,
    maxCharacters: 100,
    pooling: 'mean',
    normalise: true,
  }
}

describe('the tokens are those of the Hugging Face tokenizers', () => {
  // Expected: what the Rust library gives for the same tokenizer.json, truncated "longest first".
  const long = ['my parcel is late. my bill is wrong', 'the parcel is lately'] as const
  test.each([
    [16, ['My bill is LATELY unpaid!'], [2, 11, 5, 6, 8, 9, 14, 15, 13, 3], 10],
    [16, ['The café is wrong?'], [2, 4, 16, 6, 7, 12, 3], 7],
    [16, ['zzz [SEP] the'], [2, 1, 3, 4, 3], 5],
    [6, ['My bill is LATELY unpaid!'], [2, 11, 5, 6, 8, 3], 6],
    [16, long, [2, 11, 10, 6, 8, 17, 11, 5, 6, 3, 4, 10, 6, 8, 9, 3], 10],
    [8, long, [2, 11, 10, 6, 3, 4, 10, 3], 5],
    [5, long, [2, 11, 3, 4, 3], 3],
    [6, ['my', 'the parcel is lately unpaid'], [2, 11, 3, 4, 10, 3], 3],
    [6, ['the bill is wrong the bill', 'my'], [2, 4, 5, 3, 11, 3], 4],
  ])('at most %d of %j', async (maxLength, [text = '', pair], ids, firstLength) => {
    const { tokenize } = await openTokenizer(folder, specOf(maxLength))
    const typeIds = ids.map((_, index) => (index < firstLength ? 0 : 1))
    expect(tokenize(text, pair)).toEqual({ ids, typeIds })
  })
})

test('without special tokens a text may have no tokens, and is refused', async () => {
  const { tokenize, padId } = await openTokenizer(folder, specOf(4, 'bare.json'))
  expect(tokenize('my bill').ids).toEqual([11, 5])
  expect(() => tokenize('\u{200B}')).toThrow('nothing that the tokenizer knows')
  expect(padId).toBe(0)
})

test('what a tokenizer_config.json says is respected', async () => {
  const { tokenize } = await openTokenizer(folder, { ...specOf(8), tokenizerConfig: 'config.json' })
  expect(tokenize('CAFÉ').ids).toEqual([2, 16, 3])
})

test.each([
  ['a maxLength that the special tokens alone fill', specOf(2), 'leaves no room'],
  ['a file that is no tokenizer', specOf(8, 'broken.json'), 'broken.json is no tokenizer'],
  ['a file that is not there', specOf(8, 'absent.json'), 'ENOENT'],
])('%s is refused when the version is opened', async (_what, spec, message) => {
  await expect(openTokenizer(folder, spec)).rejects.toThrow(message)
})
