import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'

/** A held-out digit, and what the model itself reads in it: right answers of a server equal this. */
export interface Digit {
  input: { pixels: number[] }
  expected: string
}

interface Row {
  input: { pixels: number[] }
}

/** Reads the held-out rows under `models/digits` and runs the model on all of them once, without any server. */
export async function readDigits(folder: string): Promise<Digit[]> {
  const lines = (await readFile(join(folder, 'heldout.jsonl'), 'utf8')).trim().split('\n')
  const inputs = lines.map((line) => (JSON.parse(line) as Row).input)
  const session = await InferenceSession.create(join(folder, 'fp32/model.onnx'), { intraOpNumThreads: 1 })
  const values = Float32Array.from(inputs.flatMap(({ pixels }) => pixels.map((pixel) => pixel / 16)))
  const { logits } = await session.run({ image: new Tensor(values, [inputs.length, 1, 8, 8]) })
  const scores = (await logits?.getData()) as Float32Array
  await session.release()
  return inputs.map((input, row) => ({ input, expected: labelOf(scores.subarray(row * 10, row * 10 + 10)) }))
}

const labelOf = (scores: Float32Array) => String(scores.indexOf(Math.max(...scores)))
