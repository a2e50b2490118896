import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import {
  loopbackHosts,
  privateHosts,
  privateNames,
  publicHosts,
  thisHosts,
} from '@augur/test-support/outbound-corpus'
import { Agent, Dispatcher } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { checkWebhookUrl } from '../predictions/submit-prediction.js'
import { createGuardedAgent, type GuardedAgent, type Lookup } from './guarded-agent.js'
import { get, RequestError } from './guarded-get.js'
import { post } from './guarded-request.js'

const policy = { mode: 'production', allow: [] } as const
const first = 'https://first.example.com'

// Every attempt to connect is seen where the socket makes it, and none leaves this machine, whatever the guard does.
const dialled: string[] = []
// oxlint-disable-next-line typescript/unbound-method -- called with the socket as `this`
const emit = Socket.prototype.emit
let server: Server
let port = 0
let location = ''
beforeAll(async () => {
  server = createServer((_, response) => response.writeHead(307, { location }).end())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (typeof address === 'object' && address !== null) port = address.port
  Socket.prototype.emit = function (event: string | symbol, ...values: unknown[]) {
    if (event === 'connectionAttempt' && values[1] !== port) {
      dialled.push(String(values[0]))
      // As if nobody listened there.
      const refuse = () => -constants.errno.ECONNREFUSED
      Object.assign(Object(Reflect.get(this, '_handle')), { connect: refuse, connect6: refuse })
    }
    return Boolean(Reflect.apply(emit, this, [event, ...values]))
  }
})
afterAll(() => {
  Socket.prototype.emit = emit
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  dialled.length = 0
})

const family = (address: string) => (address.includes(':') ? 6 : 4)

/** A resolver that answers with the next of these each time. */
function answering(...answers: string[][]) {
  const given: string[][] = []
  const lookup: Lookup = (_hostname, _options, callback) => {
    const answer = answers[given.length % answers.length] ?? []
    given.push(answer)
    const addresses: LookupAddress[] = answer.map((address) => ({ address, family: family(address) }))
    setImmediate(() => callback(null, addresses))
  }
  return { lookup, given }
}

/** Sends what goes to `first` to a server that redirects, and everything else as a guarded agent does. */
class Redirecting extends Dispatcher {
  private readonly plain = new Agent()
  constructor(private readonly guarded: Dispatcher) {
    super()
  }
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (String(options.origin) !== first) return this.guarded.dispatch(options, handler)
    return this.plain.dispatch({ ...options, origin: `http://127.0.0.1:${port}` }, handler)
  }
  override async destroy(): Promise<void> {
    await Promise.all([this.plain.destroy(), this.guarded.destroy()])
  }
}

async function viaRedirect(agent: GuardedAgent, target: string): Promise<string> {
  location = target
  const signal = AbortSignal.timeout(5000)
  return get(agent, { url: `${first}/`, headers: {}, idleMs: 5000, maxRedirects: 3, signal }).then(
    () => 'answered',
    (error: unknown) => (error instanceof RequestError ? error.code : 'failed'),
  )
}

const denied = [...loopbackHosts, ...thisHosts, ...privateHosts, ...privateNames]
const urls = (hosts: readonly string[]) =>
  ['http', 'https'].flatMap((scheme) => hosts.map((host) => `${scheme}://${host}/hook?x=1`))

describe('hosts that must not be dialled', () => {
  test('are refused when a prediction is created', () => {
    expect(urls(denied).length).toBeGreaterThan(150)
    const taken = urls(denied).filter((url) => {
      try {
        checkWebhookUrl(policy, url)
        return true
      } catch {
        return false
      }
    })
    expect(taken).toEqual([])
  })

  test('are not dialled when a webhook is sent, even where their names resolve to a public address', async () => {
    for (const answer of [['127.0.0.1'], ['8.8.8.8']]) {
      const agent = createGuardedAgent(policy, answering(answer))
      const codes = new Set<string>()
      for (const url of urls(denied)) {
        const result = await post(agent, { url, headers: {}, body: '{}' })
        codes.add(result.kind === 'failed' ? result.code : 'answered')
      }
      expect([...codes]).toEqual(['blocked_address'])
      await agent.dispatcher.destroy()
    }
    expect(dialled).toEqual([])
  })

  test('are not dialled when a redirect leads to them', async () => {
    const { dispatcher, ...agent } = createGuardedAgent(policy, answering(['127.0.0.1']))
    const redirecting = new Redirecting(dispatcher)
    const codes = new Map<string, string>()
    for (const url of urls(denied)) {
      // A header holds bytes: other names come as their encoded form, as from any server.
      const sent = /^[\x20-\x7e]+$/.test(url) ? url : encodeURI(url)
      codes.set(url, await viaRedirect({ ...agent, dispatcher: redirecting }, sent))
    }
    const others = [...codes].filter(([, code]) => code !== 'blocked_address' && code !== 'protocol')
    expect(others).toEqual([])
    expect(dialled).toEqual([])
    await redirecting.destroy()
  })

  test('are not dialled for a public name that resolves to them, alone or among public ones', async () => {
    const addresses = ['127.0.0.1', '10.1.2.3', '169.254.169.254', '::1', '::ffff:127.0.0.1', 'fd00:ec2::254']
    for (const address of addresses) {
      for (const answer of [[address], ['8.8.8.8', address], [address, '8.8.8.8']]) {
        const agent = createGuardedAgent(policy, answering(answer))
        const result = await post(agent, { url: 'https://127.0.0.1.nip.io/', headers: {}, body: '' })
        expect(result).toMatchObject({ kind: 'failed', code: 'blocked_address' })
        await agent.dispatcher.destroy()
      }
    }
    expect(dialled).toEqual([])
  })
})

describe('public hosts', () => {
  test.each(publicHosts)('%s is dialled, when sent to and when a redirect leads there', async (host) => {
    const { dispatcher, ...agent } = createGuardedAgent(policy, answering(['8.8.4.4']))
    const redirecting = new Redirecting(dispatcher)
    await post({ ...agent, dispatcher }, { url: `https://${host}/`, headers: {}, body: '' })
    expect(dialled).toHaveLength(1)
    await viaRedirect({ ...agent, dispatcher: redirecting }, new URL(`https://${host}/`).href)
    expect(dialled).toHaveLength(2)
    await redirecting.destroy()
  })
})

test('10,000 flips of a name between public and private addresses: what is dialled is what was checked', async () => {
  const flips = [
    ['8.8.8.8'],
    ['127.0.0.1'],
    ['8.8.4.4', '10.0.0.1'],
    ['::ffff:127.0.0.1'],
    ['1.1.1.1'],
    ['::1'],
  ]
  const { lookup, given } = answering(...flips)
  // Plain http, which development mode allows, since it is as much a connection and ten times as quick to open.
  const agent = createGuardedAgent({ mode: 'development', allow: [] }, { lookup })
  let sent = 0
  const codes = new Set<string>()
  const send = async () => {
    for (; sent < 10_000; ) {
      sent += 1
      const result = await post(agent, { url: 'http://flipping.example.com/', headers: {}, body: '{}' })
      codes.add(result.kind === 'failed' ? result.code : 'answered')
    }
  }
  await Promise.all(Array.from({ length: 16 }, send))
  await agent.dispatcher.destroy()
  expect(given).toHaveLength(10_000)
  expect(codes).toEqual(new Set(['blocked_address', 'connection']))
  const checked = given.filter((answer) =>
    answer.every((address) => /^(?:8\.8\.8\.8|1\.1\.1\.1)$/.test(address)),
  )
  expect(dialled.toSorted()).toEqual(checked.flat().toSorted())
}, 60_000)
