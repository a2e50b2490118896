import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { Digit } from './digits.js'

const together = 64
const pixelsOfEach = 64
const classes = 10

/**
 * Digits a second of a loop without server, queue or store: one process that reads JSON Lines, runs them 64 at a time
 * and writes JSON Lines. What a batch costs is compared with it.
 */
export async function jsonLinesLoop(
  modelPath: string,
  digits: readonly Digit[],
  lines: number,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'augur-loop-'))
  const session = await InferenceSession.create(modelPath, { intraOpNumThreads: 1 })
  try {
    const path = join(folder, 'inputs.jsonl')
    const texts = digits.map(({ input }) => JSON.stringify({ input }))
    const all = Array.from({ length: lines }, (_, i) => texts[i % texts.length])
    await writeFile(path, `${all.join('\n')}\n`)
    const startedAt = performance.now()
    await runAll(session, path, join(folder, 'outputs.jsonl'))
    return lines / ((performance.now() - startedAt) / 1000)
  } finally {
    await session.release()
    await rm(folder, { recursive: true, force: true })
  }
}

async function runAll(session: InferenceSession, from: string, to: string): Promise<void> {
  const output = createWriteStream(to)
  let pixels: number[][] = []
  const flush = async () => {
    if (pixels.length > 0) output.write(await answersOf(session, pixels))
    pixels = []
  }
  for await (const line of createInterface({ input: createReadStream(from) })) {
    const { input }: { input: Digit['input'] } = JSON.parse(line)
    if (pixels.push(input.pixels) === together) await flush()
  }
  await flush()
  await finished(output.end())
}

async function answersOf(session: InferenceSession, pixels: readonly number[][]): Promise<string> {
  const values = Float32Array.from(pixels.flat(), (pixel) => pixel / 16)
  const { logits } = await session.run({ image: new Tensor(values, [values.length / pixelsOfEach, 1, 8, 8]) })
  const scores = Array.from((await logits?.getData()) as Float32Array)
  return pixels
    .map(
      (_, row) =>
        `${JSON.stringify({ output: classify(scores.slice(row * classes, (row + 1) * classes)) })}\n`,
    )
    .join('')
}

/** As the pipeline of the digits answers. */
function classify(scores: readonly number[]) {
  const highest = Math.max(...scores)
  const powers = scores.map((score) => Math.exp(score - highest))
  const sum = powers.reduce((a, b) => a + b)
  const probabilities = Object.fromEntries(powers.map((power, label) => [label, power / sum]))
  const top = powers
    .map((power, label) => ({ label: String(label), probability: power / sum }))
    .toSorted((a, b) => b.probability - a.probability)
    .slice(0, 3)
  return { label: String(scores.indexOf(highest)), probabilities, top }
}
