import { parseArgs } from 'node:util'
import { idOfKeyText } from '@augur/core/access/api-key'
import type { CliSettings } from '../config.js'
import { KeysApi } from '../keys/keys-api.js'
import { parseDuration } from '../keys/parse-duration.js'
import { keyTable, limitsOf, newKeyMessage, webhookOf } from '../keys/present-keys.js'
import type { Output } from '../output.js'
import { reachableUrl } from '../reachable-url.js'
import { RefusedError } from '../server-api.js'

const help = `Usage: augur keys <command> [--json]

  create --name <text> [--tenant default] [--scopes predict,read] [--expires-in 90d] [--max-open <n>] [--rate <n>]
      [--webhook <url> [--webhook-events start,output,logs,completed]]
  list
  update <id> [--name <text>] [--max-open <n>] [--rate <n>] [--webhook <url>|none [--webhook-events <events>]]
  rotate <id> [--grace 1h]
  revoke <id>

Scopes: predict, read, webhooks, models, admin. Durations: 30s, 15m, 12h, 90d. --max-open limits predictions that wait
or run, --rate requests a second: 0 is any number, default what the settings say. --webhook is where events of its
predictions go whose create names no webhook.
AUGUR_URL says which server is asked, by default the one of HOST and PORT; AUGUR_API_KEY is the key it is asked
with, which needs the scope admin.`

interface KeysConfig {
  settings: Pick<CliSettings, 'HOST' | 'PORT' | 'AUGUR_URL' | 'AUGUR_API_KEY'>
  output: Pick<Output, 'line' | 'error'>
}

const options = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  name: { type: 'string' },
  tenant: { type: 'string' },
  scopes: { type: 'string' },
  'expires-in': { type: 'string' },
  grace: { type: 'string' },
  'max-open': { type: 'string' },
  rate: { type: 'string' },
  webhook: { type: 'string' },
  'webhook-events': { type: 'string' },
} as const

const parse = (args: string[]) => parseArgs({ args, options, allowPositionals: true })
type Values = ReturnType<typeof parse>['values']

interface Answer {
  text: string
  json: unknown
}

function seconds(text: string, option: string): number {
  const parsed = parseDuration(text)
  if (parsed === null) throw new RefusedError(`--${option} must be a duration such as 30s, 15m, 12h or 90d.`)
  return parsed
}

/** A limit for the API: null is what the settings say. */
function limit(text: string, option: string): number | null {
  if (text === 'default') return null
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new RefusedError(`--${option} must be a whole number or default.`)
}

function limits({ 'max-open': maxOpen, rate }: Values) {
  return {
    ...(maxOpen !== undefined && { max_open_predictions: limit(maxOpen, 'max-open') }),
    ...(rate !== undefined && { requests_per_second: limit(rate, 'rate') }),
  }
}

/** For the API, where null is nowhere. */
function webhook({ webhook: url, 'webhook-events': events }: Values) {
  if (url === undefined && events !== undefined) throw new RefusedError('--webhook-events needs --webhook.')
  return {
    ...(url !== undefined && { webhook: url === 'none' ? null : url }),
    ...(events !== undefined && { webhook_events_filter: events.split(',').map((event) => event.trim()) }),
  }
}

/** Keys belong into no command line, where every user of the machine can read them. */
function checkId(id: string): string {
  if (idOfKeyText(id) === null) return id
  throw new RefusedError('This is a key; give its id, the part between the two underscores.')
}

async function create(api: KeysApi, values: Values): Promise<Answer> {
  const { name, tenant, scopes = 'predict,read', 'expires-in': expiresIn } = values
  if (name === undefined) throw new RefusedError('--name says what the key is for, and is needed.')
  const key = await api.create({
    name,
    scopes: scopes.split(',').map((scope) => scope.trim()),
    ...(tenant !== undefined && { tenant }),
    ...(expiresIn !== undefined && { expires_in_seconds: seconds(expiresIn, 'expires-in') }),
    ...limits(values),
    ...webhook(values),
  })
  return { text: newKeyMessage(key), json: key }
}

async function list(api: KeysApi): Promise<Answer> {
  const keys = await api.list()
  return { text: keyTable(keys, Date.now()), json: keys }
}

async function update(api: KeysApi, id: string, values: Values): Promise<Answer> {
  const { name } = values
  const changes = { ...(name !== undefined && { name }), ...limits(values), ...webhook(values) }
  if (Object.keys(changes).length === 0)
    throw new RefusedError('Give --name, --max-open, --rate or --webhook.')
  const key = await api.update(checkId(id), changes)
  return { text: `Key ${id} (${key.name}): ${limitsOf(key)}, ${webhookOf(key)}.`, json: key }
}

async function rotate(api: KeysApi, id: string, { grace = '1h' }: Values): Promise<Answer> {
  const key = await api.rotate(checkId(id), { grace_seconds: seconds(grace, 'grace') })
  return { text: `${newKeyMessage(key)}\nThe key ${id} stays good for ${grace}.`, json: key }
}

async function revoke(api: KeysApi, id: string): Promise<Answer> {
  const key = await api.revoke(checkId(id))
  return { text: `Key ${id} (${key.name}) is revoked, everywhere within 5 seconds.`, json: key }
}

/** Null when there is no such command. */
function answerOf(api: KeysApi, positionals: readonly string[], values: Values): Promise<Answer> | null {
  const [command, id] = positionals
  if (positionals.length === 1 && command === 'create') return create(api, values)
  if (positionals.length === 1 && command === 'list') return list(api)
  if (positionals.length !== 2 || id === undefined) return null
  if (command === 'rotate') return rotate(api, id, values)
  if (command === 'update') return update(api, id, values)
  return command === 'revoke' ? revoke(api, id) : null
}

/**
 * `augur keys …`: asks a running server, since only that knows its store. Returns the exit code.
 * @throws RefusedError
 */
export async function runKeys(argv: string[], { settings, output }: KeysConfig): Promise<number> {
  const { values, positionals } = parse(argv)
  const { HOST, PORT, AUGUR_URL: url = reachableUrl(HOST, PORT), AUGUR_API_KEY: apiKey } = settings
  if (values.help) {
    output.line(help)
    return 0
  }
  const answer = await answerOf(new KeysApi({ url, apiKey }), positionals, values)
  if (answer === null) {
    output.error(help)
    return 2
  }
  output.line(values.json ? JSON.stringify(answer.json) : answer.text)
  return 0
}
