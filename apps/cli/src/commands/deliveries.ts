import { parseArgs } from 'node:util'
import type { CliSettings } from '../config.js'
import { DeliveriesApi } from '../deliveries/deliveries-api.js'
import { deliveryTable, presentDelivery } from '../deliveries/present-deliveries.js'
import type { Output } from '../output.js'
import { reachableUrl } from '../reachable-url.js'
import { RefusedError } from '../server-api.js'

const help = `Usage: augur deliveries <command> [--json]

  list [--state pending|delivered|gone|exhausted|dropped] [--prediction ID] [--limit 20]
  show ID          with each attempt, and what its receiver answered
  redeliver ID     makes one once more, or now instead of later
  replay           makes those once more that were given up, oldest first [--limit N]

AUGUR_URL says which server is asked, by default the one of HOST and PORT; AUGUR_API_KEY is the key it is asked with,
which needs the scopes read and webhooks.`

const options = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  state: { type: 'string' },
  prediction: { type: 'string' },
  limit: { type: 'string' },
} as const

const parse = (args: string[]) => parseArgs({ args, options, allowPositionals: true })
type Values = ReturnType<typeof parse>['values']

interface DeliveriesConfig {
  settings: Pick<CliSettings, 'HOST' | 'PORT' | 'AUGUR_URL' | 'AUGUR_API_KEY'>
  output: Pick<Output, 'line' | 'error'>
}

interface Answer {
  text: string
  json: unknown
}

function limitOf({ limit }: Values, fallback: number): number {
  if (limit === undefined) return fallback
  if (/^[1-9]\d{0,8}$/.test(limit)) return Number(limit)
  throw new RefusedError('--limit must be a whole number above 0.')
}

async function list(api: DeliveriesApi, values: Values): Promise<Answer> {
  const { prediction, state } = values
  const limit = limitOf(values, 20)
  const found =
    prediction === undefined
      ? await api.list({ state, limit })
      : (await api.ofPrediction(prediction)).filter((each) => state === undefined || each.state === state)
  const shown = found.slice(0, limit)
  return { text: deliveryTable(shown), json: shown }
}

async function replay(api: DeliveriesApi, values: Values): Promise<Answer> {
  const done = await api.replay(limitOf(values, Infinity))
  return { text: `${done.replayed} are made once more${done.more ? '; there are more' : ''}.`, json: done }
}

/** Null when there is no such command. */
async function answerOf(
  api: DeliveriesApi,
  [command, id, ...rest]: readonly string[],
  values: Values,
): Promise<Answer | null> {
  if (command === 'list' && id === undefined) return list(api, values)
  if (command === 'replay' && id === undefined) return replay(api, values)
  if (id === undefined || rest.length > 0 || (command !== 'show' && command !== 'redeliver')) return null
  const delivery = await (command === 'show' ? api.get(id) : api.redeliver(id))
  return { text: presentDelivery(delivery), json: delivery }
}

/**
 * `augur deliveries …`: asks a running server. Returns the exit code.
 * @throws RefusedError
 */
export async function runDeliveries(argv: string[], config: DeliveriesConfig): Promise<number> {
  const { settings, output } = config
  const { values, positionals } = parse(argv)
  const { HOST, PORT, AUGUR_URL: url = reachableUrl(HOST, PORT), AUGUR_API_KEY: apiKey } = settings
  const answer = values.help ? null : await answerOf(new DeliveriesApi({ url, apiKey }), positionals, values)
  if (answer) {
    output.line(values.json ? JSON.stringify(answer.json) : answer.text)
    return 0
  }
  if (values.help) output.line(help)
  else output.error(help)
  return values.help ? 0 : 2
}
