import { isKeyNeeded, type ReachSettings } from '@augur/core/access/is-key-needed'
import { isLoopbackHost } from '@augur/core/outbound/check-address'
import { type Finding, ok, warning } from './finding.js'

interface Settings extends ReachSettings {
  AUGUR_MODE: 'development' | 'production'
  AUGUR_PUBLIC_URL?: string | undefined
  AUGUR_OUTBOUND_ALLOW: readonly string[]
}

/** What settings say together that none of them says alone. */
export function checkSettings(settings: Settings): Finding[] {
  return [checkKey(settings), ...checkProduction(settings)]
}

function checkKey(settings: Settings): Finding {
  const { HOST: host, AUGUR_API_KEY: key } = settings
  if (!isKeyNeeded(settings)) return ok('keys', 'none is needed on this machine alone')
  if (key !== undefined) return ok('keys', 'AUGUR_API_KEY is set')
  return warning(
    'keys',
    `others reach ${host}, and AUGUR_API_KEY is not set: without a key in the store the API does not start`,
    'AUGUR_API_KEY=$(openssl rand -hex 32), in .env.local',
  )
}

function checkProduction({
  AUGUR_MODE: mode,
  AUGUR_PUBLIC_URL: publicUrl,
  AUGUR_OUTBOUND_ALLOW: allow,
  HOST: host,
}: Settings): Finding[] {
  if (mode === 'development') {
    if (isLoopbackHost(host)) return []
    return [warning('mode', 'development, on an address that others reach', 'AUGUR_MODE=production')]
  }
  const findings = [ok('mode', 'production')]
  if (publicUrl === undefined) {
    findings.push(
      warning(
        'public URL',
        'webhooks name this machine',
        'set AUGUR_PUBLIC_URL to how callers reach the API',
      ),
    )
  }
  if (allow.length > 0) {
    findings.push(
      warning(
        'outbound',
        `webhooks may reach ${allow.join(', ')}`,
        'leave AUGUR_OUTBOUND_ALLOW empty unless receivers are there',
      ),
    )
  }
  return findings
}
