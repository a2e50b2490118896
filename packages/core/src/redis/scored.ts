/** Members with their scores, from what a range `WITHSCORES` answers. */
export function scored(reply: readonly string[]): [string, number][] {
  const pairs: [string, number][] = []
  for (let i = 0; i + 1 < reply.length; i += 2) pairs.push([reply[i] ?? '', Number(reply[i + 1])])
  return pairs
}
