import { isInput } from './input-fields.js'

export interface Score {
  label: string
  /** A share of one. */
  share: number
}

/** The classes that an output is about, most probable first; null for an output that is none of a classifier's. */
export function scoresOf(output: unknown): Score[] | null {
  if (!isInput(output)) return null
  const { probabilities, top } = output
  if (isInput(probabilities)) return sorted(Object.entries(probabilities))
  if (!Array.isArray(top)) return null
  return sorted(top.map((each: unknown) => (isInput(each) ? [each.label, each.probability] : [])))
}

function sorted(pairs: readonly unknown[][]): Score[] | null {
  const scores = pairs.flatMap(([label, share]) =>
    typeof label === 'string' && typeof share === 'number' ? [{ label, share }] : [],
  )
  return scores.length > 0 && scores.length === pairs.length
    ? scores.toSorted((a, b) => b.share - a.share)
    : null
}

const dataImage = /^data:image\/(?:png|jpeg|webp|gif|avif);base64,/
const storedFile = /^https?:\/\/[^/]+\/api\/v1\/files\//

/** Pictures in an output: data URIs, and files of the server. */
export function picturesOf(output: unknown): string[] {
  if (typeof output === 'string') return dataImage.test(output) || storedFile.test(output) ? [output] : []
  if (Array.isArray(output)) return output.flatMap(picturesOf)
  return isInput(output) ? Object.values(output).flatMap(picturesOf) : []
}
