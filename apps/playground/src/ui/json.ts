/** JSON for people: indented, with lists of numbers on one line. */
export function prettyJson(value: unknown): string {
  const lists = /\[\s+([-\d.eE+,\s]+?)\s+\]/g
  return (JSON.stringify(value, null, 2) ?? '').replaceAll(
    lists,
    (_, numbers: string) => `[${numbers.replaceAll(/\s+/g, ' ')}]`,
  )
}
