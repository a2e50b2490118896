interface Range {
  type: string
  /** From 0, never, to 1. */
  quality: number
}

function rangesOf(accept: string): Range[] {
  return accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) }
  })
}

/** Whether an `Accept` header takes a media type; of ranges that fit, the narrowest decides (RFC 9110, 12.5.1). */
export function accepts(accept: string, mediaType: string): boolean {
  // What nearly every client sends.
  if (accept === '*/*' || accept === mediaType) return true
  const ranges = rangesOf(accept)
  const [kind = ''] = mediaType.split('/', 1)
  for (const wanted of [mediaType, `${kind}/*`, '*/*']) {
    const range = ranges.find(({ type }) => type === wanted)
    if (range) return range.quality > 0
  }
  return false
}
