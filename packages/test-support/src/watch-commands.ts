import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

const clientPattern = /\[\d+ (\S+)\]/
const argumentPattern = /"((?:[^"\\]|\\.)*)"/g

/**
 * Tells of every command that a Redis takes from now on, as its arguments and the address of its client; bytes that are no printable characters stay
 * escaped. Over a connection of its own: ioredis fails where a command is told of in the same packet as its consent.
 */
export async function watchCommands(
  url: string,
  onCommand: (given: string[], client: string) => void,
): Promise<{ stop(): void }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  const lines = createInterface({ input: socket })
  const consent = once(lines, 'line')
  lines.on('line', (line: string) => {
    const given = Array.from(line.matchAll(argumentPattern), ([, text = '']) =>
      text.replaceAll(/\\(["\\])/g, '$1'),
    )
    if (given.length > 0) onCommand(given, clientPattern.exec(line)?.[1] ?? '')
  })
  socket.write('MONITOR\r\n')
  await consent
  return { stop: () => socket.destroy() }
}
