import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readLines } from './read-lines.js'

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0
  for (const cut of [...cuts, bytes.length].toSorted((a, b) => a - b)) {
    yield bytes.subarray(from, cut)
    from = Math.max(from, cut)
  }
}

async function read(bytes: Uint8Array, cuts: readonly number[], most: number): Promise<string[]> {
  const lines: string[] = []
  for await (const some of readLines(pieces(bytes, cuts), most)) lines.push(...some)
  return lines
}

const linesOf = (text: string, cuts: readonly number[] = [], most = 1000) =>
  read(Buffer.from(text), cuts, most)

test('lines are the same however their bytes arrive', async () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !/[\r\n]/.test(text))
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat(500)), async (lines, cuts) => {
      const text = lines.join('\n')
      const inside = cuts.map((cut) => Math.min(cut, Buffer.byteLength(text)))
      expect(await linesOf(text, inside)).toEqual(lines.map((each) => each.trim()).filter(Boolean))
    }),
  )
})

test('a last line needs no end, and line ends of either kind are no part of a line', async () => {
  expect(await linesOf('a\r\n\n  \nb')).toEqual(['a', 'b'])
})

test('a line beyond the limit is refused before it is held', async () => {
  await expect(linesOf(`${'x'.repeat(10)}\n`, [], 10)).resolves.toHaveLength(1)
  await expect(linesOf('x'.repeat(11), [5], 10)).rejects.toMatchObject({ code: 'payload_too_large' })
})

test('bytes that are no UTF-8 are refused', async () => {
  const bytes = Uint8Array.of(0x22, 0xff, 0x22)
  await expect(read(bytes, [], 10)).rejects.toMatchObject({
    code: 'invalid_json',
  })
})
