const width = 100

/** JSON for people: what fits on a line stands on one, the outermost never. */
export function formatJson(value: object, indent = ''): string {
  const inner = `${indent}  `
  const isList = Array.isArray(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]: [string, unknown]) => {
      const key = isList ? '' : `${JSON.stringify(name)}: `
      return `${inner}${key}${memberText(member, inner, key.length)}`
    })
  const [open, close] = isList ? '[]' : '{}'
  return `${open}\n${members.join(',\n')}\n${indent}${close}`
}

function memberText(member: unknown, indent: string, taken: number): string {
  const line = JSON.stringify(member, null, 1).replaceAll(/\n */g, ' ')
  const fits = indent.length + taken + line.length <= width
  return fits || typeof member !== 'object' || member === null ? line : formatJson(member, indent)
}
