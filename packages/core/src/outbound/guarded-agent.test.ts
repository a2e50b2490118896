import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../config.js'
import type { OutboundPolicy } from './check-url.js'
import { createGuardedAgent, type GuardedAgent, type Lookup } from './guarded-agent.js'

const words = (text: string) => text.trim().split(/\s+/)

// Every attempt to connect is seen where the socket makes it, and none leaves this machine, whatever the guard does.
const dialled: string[] = []
// oxlint-disable-next-line typescript/unbound-method -- called with the socket as `this`
const emit = Socket.prototype.emit
beforeAll(() => {
  Socket.prototype.emit = function (event: string | symbol, ...values: unknown[]) {
    if (event === 'connectionAttempt') {
      dialled.push(String(values[0]))
      if (values[0] !== '127.0.0.1') throw new Error(`dialled ${String(values[0])}`)
    }
    return Boolean(Reflect.apply(emit, this, [event, ...values]))
  }
})
afterAll(() => {
  Socket.prototype.emit = emit
})

let canary: Server
let canaryConnections = 0
let port = 0
beforeAll(async () => {
  canary = createServer((socket) => {
    canaryConnections += 1
    socket.on('error', () => {})
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
  })
  await once(canary.listen(0, '127.0.0.1'), 'listening')
  const address = canary.address()
  if (typeof address === 'object' && address !== null) port = address.port
})
afterAll(() => canary.close())

const agents: GuardedAgent[] = []
beforeEach(() => {
  dialled.length = 0
  canaryConnections = 0
})
afterEach(() => Promise.all(agents.splice(0).map((agent) => agent.dispatcher.destroy())))

function answering(...answers: string[][]): { lookup: Lookup; asked: string[] } {
  const asked: string[] = []
  const lookup: Lookup = (hostname, _, callback) => {
    const answer = answers[asked.length % answers.length] ?? []
    asked.push(hostname)
    const addresses: LookupAddress[] = answer.map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }))
    setImmediate(() => callback(null, addresses))
  }
  return { lookup, asked }
}

const production: OutboundPolicy = { mode: 'production', allow: [] }
const development: OutboundPolicy = { mode: 'development', allow: [] }

/** Dials as a request would, past the checks of the URL. */
async function dial(origin: string, policy: OutboundPolicy, lookup?: Lookup): Promise<string> {
  const agent = createGuardedAgent(policy, lookup ? { lookup } : {})
  agents.push(agent)
  return agent.dispatcher
    .request({ origin, path: '/', method: 'POST' })
    .then(() => 'connected')
    .catch((error: Error) => error.name)
}

const deniedAnswers = words(`
  127.0.0.1 127.254.254.254 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.100.100.200
  168.63.129.16 192.0.0.192 198.18.0.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:7f00:1
  ::127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: 2001:0:4136:e378:8000:63bf:80ff:fffe fe80::1 fd00:ec2::254
  ff02::1
`)

describe('a name', () => {
  it.each(deniedAnswers)(
    'that resolves to %s is never dialled, over http or https, in either mode',
    async (address) => {
      for (const policy of [production, development]) {
        for (const scheme of ['http', 'https']) {
          expect(
            await dial(`${scheme}://rebound.example.com:${port}`, policy, answering([address]).lookup),
          ).toBe('BlockedAddressError')
        }
      }
      expect(dialled).toEqual([])
      expect(canaryConnections).toBe(0)
    },
  )

  it.each(deniedAnswers)(
    'that resolves to a public address and to %s is refused whole, in either order',
    async (address) => {
      for (const answer of [
        ['8.8.8.8', address],
        [address, '8.8.8.8'],
        ['2606:4700:4700::1111', '8.8.8.8', address],
      ]) {
        expect(await dial(`https://mixed.example.com:${port}`, production, answering(answer).lookup)).toBe(
          'BlockedAddressError',
        )
      }
      expect(dialled).toEqual([])
    },
  )

  it('is resolved once for a connection, and what is dialled is the answer that was checked', async () => {
    const { lookup, asked } = answering(['127.0.0.1'], ['10.0.0.1'])
    const policy: OutboundPolicy = { mode: 'development', allow: [`hooks.example.com:${port}`] }
    expect(await dial(`http://hooks.example.com:${port}`, policy, lookup)).toBe('connected')
    expect(asked).toEqual(['hooks.example.com'])
    expect(dialled).toEqual(['127.0.0.1'])
  })

  it('that alternates between a public and a loopback address never reaches loopback', async () => {
    const { lookup } = answering(['127.0.0.1'], ['::1'])
    for (let attempt = 0; attempt < 50; attempt += 1)
      await dial(`http://rebound.example.com:${port}`, production, lookup)
    expect(canaryConnections).toBe(0)
    expect(dialled).toEqual([])
  })

  it('without an address fails to resolve', async () => {
    expect(await dial('https://nowhere.example.com', production, answering([]).lookup)).toBe('Error')
    expect(dialled).toEqual([])
  })
})

describe('an address as host, for which no lookup is made,', () => {
  const literals = [
    '127.0.0.1',
    '10.0.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[fd00:ec2::254]',
    '2130706433',
  ]
  it.each(literals)('%s is refused in production over http and https', async (host) => {
    for (const scheme of ['http', 'https']) {
      expect(await dial(`${scheme}://${host}:${port}`, production)).toBe('BlockedAddressError')
    }
    expect(dialled).toEqual([])
    expect(canaryConnections).toBe(0)
  })

  it('is dialled in development when it is loopback', async () => {
    expect(await dial(`http://127.0.0.1:${port}`, development)).toBe('connected')
    expect(dialled).toEqual(['127.0.0.1'])
    expect(canaryConnections).toBe(1)
  })
})

describe('the allow list', () => {
  it('opens a private host by name and never loopback in production', async () => {
    const allow = ['receiver', '127.0.0.0/8', '0.0.0.0/0', '::/0', `rebound.example.com:${port}`]
    for (const address of ['127.0.0.1', '0.0.0.0', '::1', '::ffff:127.0.0.1']) {
      for (const host of ['receiver', 'rebound.example.com']) {
        expect(
          await dial(`http://${host}:${port}`, { mode: 'production', allow }, answering([address]).lookup),
        ).toBe('BlockedAddressError')
      }
    }
    expect(dialled).toEqual([])
  })

  it('is read when the agent is made', () => {
    expect(() => createGuardedAgent({ mode: 'production', allow: ['not a host'] })).toThrow(ConfigError)
  })
})
