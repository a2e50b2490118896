import { type LookupAddress, lookup as lookupInSystem } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector, type Dispatcher, Pool } from 'undici'
import { type AllowEntry, parseAllowList } from './allow-list.js'
import { type Destination, destinationOf, isAddressAllowed } from './check-address.js'
import type { OutboundPolicy } from './check-url.js'

/** The only way to reach other hosts: pooled connections, each to an address that was checked. */
export interface GuardedAgent {
  readonly policy: OutboundPolicy
  readonly dispatcher: Dispatcher
  /** Waits for requests under way, then closes all connections. */
  close(): Promise<void>
}

/** Thrown at connect time; never names the address, because that would tell a tenant how internal names resolve. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError'
  constructor() {
    super('The host is not at a public address.')
  }
}

/** Resolves a name to all of its addresses. */
export type Lookup = (
  hostname: string,
  options: { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

interface GuardedAgentOptions {
  lookup?: Lookup
  connectionsPerOrigin?: number
  connectTimeoutMs?: number
}

interface Guard {
  mode: OutboundPolicy['mode']
  list: readonly AllowEntry[]
  lookup: Lookup
  connectTimeoutMs: number
}

/** Resolves once and passes on exactly the checked addresses; one bad address refuses the whole answer. */
function guardedLookup({ lookup, ...policy }: Guard, destination: Destination): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { all: true }, (error, addresses) => {
      const first = addresses?.[0]
      if (error || first === undefined) return callback(error ?? noAddress(), [])
      if (!addresses.every(({ address }) => isAddressAllowed(address, destination, policy))) {
        return callback(new BlockedAddressError(), [])
      }
      return options.all ? callback(null, addresses) : callback(null, first.address, first.family)
    })
  }
}

function noAddress(): NodeJS.ErrnoException {
  return Object.assign(new Error('The host has no address.'), { code: 'ENOTFOUND' })
}

/** The connector of one origin: the destination that its lookup judges is fixed. */
function guardedConnector(guard: Guard, destination: Destination): buildConnector.connector {
  const connect = buildConnector({
    timeout: guard.connectTimeoutMs,
    lookup: guardedLookup(guard, destination),
  })
  return (options, callback) => {
    // net.connect never calls `lookup` for a host that is written as an address.
    if (isIP(destination.host) !== 0 && !isAddressAllowed(destination.host, destination, guard)) {
      return callback(new BlockedAddressError(), null)
    }
    return connect(options, (error, socket) => {
      if (error) return callback(error, null)
      if (isAddressAllowed(socket.remoteAddress ?? '', destination, guard)) return callback(null, socket)
      socket.destroy()
      return callback(new BlockedAddressError(), null)
    })
  }
}

/**
 * Creates the agent for outgoing requests. It reads no proxy settings and follows no redirects.
 * @throws ConfigError when an entry of `policy.allow` is malformed.
 */
export function createGuardedAgent(policy: OutboundPolicy, options: GuardedAgentOptions = {}): GuardedAgent {
  const guard: Guard = {
    mode: policy.mode,
    list: parseAllowList(policy.allow),
    lookup: options.lookup ?? lookupInSystem,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
  }
  const poolOptions: Pool.Options = {
    connections: options.connectionsPerOrigin ?? 16,
    pipelining: 1,
    keepAliveTimeout: 10_000,
    // The total deadline of a request covers both: see guarded-request.ts.
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  const dispatcher = new Agent({
    factory: (origin) =>
      new Pool(origin, { ...poolOptions, connect: guardedConnector(guard, destinationOf(new URL(origin))) }),
  })
  return { policy, dispatcher, close: () => dispatcher.close() }
}
