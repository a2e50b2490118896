import { parseArgs } from 'node:util'
import type { CliSettings } from '../config.js'
import type { Output } from '../output.js'
import { reachableUrl } from '../reachable-url.js'
import { presentComparison, presentHistory, presentRollout } from '../rollouts/present-rollout.js'
import { RolloutApi } from '../rollouts/rollout-api.js'
import { RefusedError } from '../server-api.js'

const help = `Usage: augur rollout <command> MODEL [options] [--json]

  get MODEL
  set MODEL --candidate VERSION --percent N [--mode split|shadow] [--stable VERSION]
      [--sticky-header NAME | --sticky-input FIELD] [--reason TEXT] [--force]
      [--max-error-rate SHARE] [--max-p95-ms N] [--max-disagreement SHARE] [--min-accuracy SHARE]
  compare MODEL      what both arms did so far, and what that says
  history MODEL
  stop MODEL         all traffic to the stable version       [--reason TEXT]
  promote MODEL      makes the candidate the stable version  [--reason TEXT] [--force]
  rollback MODEL     undoes the last promotion               [--reason TEXT]
  remove MODEL

A split answers a share of the callers with the candidate, the same callers every time; a shadow repeats a share of the
predictions on it, unseen. A split needs a candidate that passed its verification (npm run verify).
AUGUR_URL says which server is asked, by default the one of HOST and PORT; AUGUR_API_KEY is the key it is asked with,
which needs the scopes models and read.`

const options = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  candidate: { type: 'string' },
  stable: { type: 'string' },
  mode: { type: 'string', default: 'split' },
  percent: { type: 'string' },
  'sticky-header': { type: 'string' },
  'sticky-input': { type: 'string' },
  reason: { type: 'string' },
  force: { type: 'boolean' },
  'max-error-rate': { type: 'string' },
  'max-p95-ms': { type: 'string' },
  'max-disagreement': { type: 'string' },
  'min-accuracy': { type: 'string' },
} as const

const parse = (args: string[]) => parseArgs({ args, options, allowPositionals: true })
type Values = ReturnType<typeof parse>['values']

interface RolloutConfig {
  settings: Pick<CliSettings, 'HOST' | 'PORT' | 'AUGUR_URL' | 'AUGUR_API_KEY'>
  output: Pick<Output, 'line' | 'error'>
}

interface Answer {
  text: string
  json: unknown
}

function numberOf(flag: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new RefusedError(`--${flag} must be a number, not ${text}`)
}

function needed(flag: string, text: string | undefined): string {
  if (text !== undefined) return text
  throw new RefusedError(`--${flag} is needed.`)
}

function guardrailsOf(values: Values): object {
  const limit = (flag: keyof Values, name: string, field: string) => {
    const text = values[flag]
    return typeof text === 'string' ? { [name]: { [field]: numberOf(flag, text) } } : {}
  }
  return {
    ...limit('max-error-rate', 'errorRate', 'maximum'),
    ...limit('max-p95-ms', 'latencyP95Ms', 'maximum'),
    ...limit('max-disagreement', 'disagreement', 'maximum'),
    ...limit('min-accuracy', 'feedbackAccuracy', 'minimum_accuracy'),
  }
}

function stickyKeyOf({ 'sticky-header': header, 'sticky-input': field }: Values): object {
  if (header !== undefined) return { sticky_key: { from: 'header', name: header } }
  return field === undefined ? {} : { sticky_key: { from: 'input', field } }
}

const whyOf = ({ reason, force }: Values) => ({
  ...(reason !== undefined && { reason }),
  ...(force && { force }),
})

async function set(api: RolloutApi, model: string, values: Values): Promise<Answer> {
  const { candidate, stable, mode, percent } = values
  const rollout = await api.set(model, {
    candidate: needed('candidate', candidate),
    percent: numberOf('percent', needed('percent', percent)),
    mode,
    ...(stable !== undefined && { stable }),
    ...stickyKeyOf(values),
    guardrails: guardrailsOf(values),
    ...whyOf(values),
  })
  return { text: presentRollout(rollout), json: rollout }
}

/** Null when there is no such command. */
async function answerOf(
  api: RolloutApi,
  [command, model, ...rest]: readonly string[],
  values: Values,
): Promise<Answer | null> {
  if (model === undefined || rest.length > 0) return null
  if (command === 'set') return set(api, model, values)
  if (command === 'get') {
    const rollout = await api.get(model)
    return { text: presentRollout(rollout), json: rollout }
  }
  if (command === 'compare') {
    const comparison = await api.comparison(model)
    return { text: presentComparison(comparison), json: comparison }
  }
  if (command === 'history') {
    const history = await api.history(model)
    return { text: presentHistory(history), json: history }
  }
  if (command === 'remove') {
    await api.remove(model)
    return { text: `The rollout of ${model} is removed.`, json: null }
  }
  if (command !== 'stop' && command !== 'promote' && command !== 'rollback') return null
  const rollout = await api.act(model, command, whyOf(values))
  return { text: presentRollout(rollout), json: rollout }
}

/**
 * `augur rollout …`: asks a running server. Returns the exit code.
 * @throws RefusedError
 */
export async function runRollout(argv: string[], { settings, output }: RolloutConfig): Promise<number> {
  const { values, positionals } = parse(argv)
  const { HOST, PORT, AUGUR_URL: url = reachableUrl(HOST, PORT), AUGUR_API_KEY: apiKey } = settings
  const answer = values.help ? null : await answerOf(new RolloutApi({ url, apiKey }), positionals, values)
  if (answer) {
    output.line(values.json ? JSON.stringify(answer.json) : answer.text)
    return 0
  }
  if (values.help) output.line(help)
  else output.error(help)
  return values.help ? 0 : 2
}
