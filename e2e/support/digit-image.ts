/** A PNG of a held-out seven, eight times enlarged, dark on light. */
export const digitSeven = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAe0lEQVR42u3WQQ2AMBBE0ZVQCUhAAhKQgAQcIAkpSKgEJLSXmcskhPtk/g2yvNOmt' +
    'Ib0ogs1dCCdrwBWwINWxA8XKYA3cCNdGD5vKIA3oAtFUA+UjgJ4A/WTLlQAL0AvFhzkD4XvuWgBPAGNBwgvHF9zAbyBHZ0ogDUwAe+xzhcP+E4cAAAAAElF' +
    'TkSuQmCC',
  'base64',
)

/** Its beginning: it looks like a PNG until it is decoded. */
export const brokenImage = digitSeven.subarray(0, 80).toString('base64')
