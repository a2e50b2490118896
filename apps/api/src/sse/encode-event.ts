/** One server-sent event. */
export interface ServerSentEvent {
  event: string
  /** What a reader that comes back names as the last it has seen; left out where coming back starts over. */
  id?: string
  /** Text of any number of lines. */
  data: string
}

const encoder = new TextEncoder()
const lineEnd = /\r\n|\r|\n/

/** The event as a `text/event-stream` has it. Line ends of the data arrive as `\n`, whatever they were. */
export function encodeEvent({ event, id, data }: ServerSentEvent): Uint8Array {
  const lines = [`event: ${event}`, ...(id === undefined ? [] : [`id: ${id}`])]
  for (const line of data.split(lineEnd)) lines.push(`data: ${line}`)
  return encoder.encode(`${lines.join('\n')}\n\n`)
}
