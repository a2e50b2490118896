import { readLines, readText } from './read-text.js'

/** One server-sent event. */
export interface ServerEvent {
  event: string
  /** What to name as the last one seen when coming back. */
  id: string
  data: string
}

/** Events of a `text/event-stream`. Comments, such as heartbeats, are left out; so is an event that was cut off. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let event = 'message'
  let id = ''
  let data: string[] = []
  for await (const line of readLines(readText(body))) {
    const [field, value] = fieldOf(line)
    if (field === 'event') event = value
    if (field === 'id') id = value
    if (field === 'data') data.push(value)
    if (line !== '') continue
    if (data.length > 0) yield { event, id, data: data.join('\n') }
    event = 'message'
    data = []
  }
}

function fieldOf(line: string): [field: string, value: string] {
  const colon = line.indexOf(':')
  if (colon === -1) return [line, '']
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')]
}
