/** The text of a body as it comes, in pieces that end anywhere. Leaving the loop lets go of the connection. */
export async function* readText(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield decoder.decode(value, { stream: true })
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/** The lines of a text that comes in pieces, without their ends. What follows the last end is no line unless `takeRest`. */
export async function* readLines(
  pieces: AsyncIterable<string>,
  { takeRest = false } = {},
): AsyncGenerator<string> {
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line
  }
  if (takeRest && rest !== '') yield rest
}
