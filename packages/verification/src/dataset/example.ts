/** Where an example stands. `line` is counted from 1; null where a file is one example. */
export interface Place {
  file: string
  line: number | null
}

/** What is right for an input: a class, or a number. */
export type Label = string | number

/** One input of a test set, with what is right for it where that is known. */
export interface Example {
  at: Place
  /** Parsed JSON, as callers would send it. Read when it is needed: images are large. */
  input(): Promise<unknown>
  label: Label | null
}

/** A line that holds no example. It is left out, and told of. */
export interface BrokenLine {
  at: Place
  reason: string
}

export interface Dataset {
  /** File or folder, as it was named. */
  name: string
  /** Over everything that was read: another test set is another digest. */
  sha256: string
  examples: Example[]
  broken: BrokenLine[]
}

export const placeText = ({ file, line }: Place): string => (line === null ? file : `${file}:${line}`)
