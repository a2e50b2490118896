// Loaded before a program of the product (`node --import`): notes whom it dials and asks for names, where the socket and the
// resolver do so. Names are answered from a file, and nothing leaves this machine but what goes to the open ports.
import dns from 'node:dns'
import { appendFileSync, readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { Socket } from 'node:net'
import { constants } from 'node:os'

const { CHAOS_DIALS: path = '', CHAOS_NAMES: namesPath = '', CHAOS_OPEN_PORTS: ports = '' } = process.env
const open = new Set(ports.split(','))
const note = (line: object) => appendFileSync(path, `${JSON.stringify(line)}\n`)

// oxlint-disable-next-line typescript/unbound-method -- called with the socket as `this`
const emit = Socket.prototype.emit
Socket.prototype.emit = function (event: string | symbol, ...values: unknown[]) {
  const [address, port] = values.map(String)
  const isOpen = address === '127.0.0.1' && open.has(port ?? '')
  if (event === 'connectionAttempt') note({ kind: 'dial', address, port: Number(port), isOpen })
  if (event === 'connectionAttempt' && !isOpen) {
    // As if nobody listened there.
    const refuse = () => -constants.errno.ECONNREFUSED
    Object.assign(Object(Reflect.get(this, '_handle')), { connect: refuse, connect6: refuse })
  }
  return Boolean(Reflect.apply(emit, this, [event, ...values]))
}

/** How often each name was asked for: its answers come in turn. */
const asked = new Map<string, number>()
const lookup = (name: string, _options: object, callback: (error: Error | null, found: object[]) => void) => {
  const names: Record<string, string[][]> = JSON.parse(readFileSync(namesPath, 'utf8'))
  const answers = names[name] ?? names['*'] ?? []
  const turn = asked.get(name) ?? 0
  asked.set(name, turn + 1)
  const found = answers[turn % answers.length] ?? []
  note({ kind: 'lookup', name, found })
  const addresses = found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  setImmediate(() => callback(null, addresses))
}
if (namesPath !== '') {
  Object.assign(dns, { lookup })
  syncBuiltinESMExports()
}
