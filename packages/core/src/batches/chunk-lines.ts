import type { FieldError } from '../errors.js'
import type { JsonText } from '../predictions/prediction.js'

/** Why a line has no result, as the members that its error line has for it. */
export interface LineFailure {
  error: string
  error_code: string
  errors?: readonly FieldError[]
}

/** One line of a chunk; `customId` is JSON text, `null` where the line has none. */
export type ChunkLine = { customId: JsonText } & (
  | { isValid: true; input: JsonText }
  | { isValid: false; failure: JsonText }
)

// Raw tabs and line feeds are in no JSON text that JSON.stringify wrote, and none begins with an exclamation mark.
const invalidMark = '!'

export const encodeValidLine = (customId: JsonText, input: JsonText) => `${customId}\t${input}`
export const encodeInvalidLine = (customId: JsonText, failure: LineFailure) =>
  `${customId}\t${invalidMark}${JSON.stringify(failure)}`

function decodeLine(text: string): ChunkLine {
  const tab = text.indexOf('\t')
  const customId = text.slice(0, tab)
  const rest = text.slice(tab + 1)
  if (!rest.startsWith(invalidMark)) return { customId, isValid: true, input: rest }
  return { customId, isValid: false, failure: rest.slice(invalidMark.length) }
}

/** The lines of a chunk in order. */
export function decodeLines(text: string): ChunkLine[] {
  return text.split('\n').map(decodeLine)
}

/** A line of the download of results; `line` counts from 1. */
export function resultLine(line: number, customId: JsonText, output: JsonText): string {
  return `{"line":${line},"custom_id":${customId},"output":${output}}\n`
}

/** A line of the download of errors. */
export function errorLine(line: number, customId: JsonText, failure: JsonText): string {
  return `{"line":${line},"custom_id":${customId},${failure.slice(1)}\n`
}

/** The members of an error line, as JSON text. */
export function failureText(failure: LineFailure): JsonText {
  return JSON.stringify(failure)
}
