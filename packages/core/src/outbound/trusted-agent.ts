import { createGuardedAgent, type GuardedAgent } from './guarded-agent.js'

/** An agent for the one host of a URL that the operator set: it may be plain http, private, or this machine. */
export function createTrustedAgent(url: string): GuardedAgent {
  const { protocol, hostname, port } = new URL(url)
  const entry = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`
  return createGuardedAgent({ mode: 'development', allow: [entry] })
}
