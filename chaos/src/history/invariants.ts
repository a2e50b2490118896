import { type History, isTerminal } from './history.js'
import { surplus } from './surplus.js'

/** What is wrong, one sentence each; nothing where the invariant held. */
type Invariant = (history: History) => string[]

/** I1: whatever was accepted has ended, and is there. */
const noLoss: Invariant = (history) =>
  [...history.accepted.keys()]
    .filter((id) => history.endOf(id) === undefined || history.reads.get(id)?.at(-1)?.status === 'missing')
    .map((id) => `${id} was accepted and is ${history.reads.get(id)?.at(-1)?.status ?? 'unread'} at last`)

/** I2: whatever is stored was asked for. A request that was never answered explains one that nobody knows of. */
const noPhantom: Invariant = (history) => {
  const stored = new Set(history.of('stored').map(({ id }) => id))
  const unknown = [...stored].filter((id) => !history.accepted.has(id))
  const answered = new Set([...history.accepted.values()].map(({ key }) => key))
  const asked = new Set([...history.requests.values()].map(({ key }) => key))
  const open = [...asked].filter((key) => !answered.has(key)).length
  if (unknown.length <= open) return []
  return [
    `${unknown.length} predictions are stored that nobody was told of, and ${open} requests are unanswered`,
  ]
}

/** I3: an end stays what it was. */
const oneResult: Invariant = (history) =>
  [...history.reads].flatMap(([id, reads]) => {
    const results = new Set(
      reads.filter(({ status }) => isTerminal(status)).map(({ resultHash }) => resultHash),
    )
    return results.size > 1 ? [`${id} was read with ${results.size} results`] : []
  })

/** I4: nothing comes back from its end. Reads that overlapped may have been answered in any order. */
const monotonic: Invariant = (history) =>
  [...history.reads].flatMap(([id, reads]) => {
    const end = reads.findIndex(({ status }) => isTerminal(status))
    const after =
      end === -1 ? [] : reads.slice(end).filter(({ status }) => !isTerminal(status) && status !== 'missing')
    return after.map(({ status }) => `${id} was ${status} after its end`)
  })

/** I5: a key stands for one prediction. */
const idempotent: Invariant = (history) => {
  const ids = new Map<string, Set<string>>()
  for (const { request, id } of history.of('response')) {
    const key = history.requests.get(request)?.key
    if (id !== null && key !== undefined) ids.set(key, (ids.get(key) ?? new Set()).add(id))
  }
  return [...ids].flatMap(([key, { size }]) => (size > 1 ? [`${key} stands for ${size} predictions`] : []))
}

/** I6: who succeeded got the answer to its own input. */
const correct: Invariant = (history) =>
  [...history.accepted].flatMap(([id, { input }]) => {
    const wrong = (history.reads.get(id) ?? []).find(
      ({ status, output }) =>
        status === 'succeeded' && JSON.stringify(output) !== JSON.stringify(input.value.map((x) => x + x)),
    )
    return wrong ? [`${id} answers ${JSON.stringify(wrong.output)} to ${JSON.stringify(input.value)}`] : []
  })

/** I7: each end is told of, under one id, signed, and as it is read. */
const webhooks: Invariant = (history) =>
  [...history.accepted].flatMap(([id, { hasWebhook }]) => {
    const told = history.webhooks.get(id) ?? []
    const end = history.endOf(id)
    if (!hasWebhook || end === undefined) return []
    if (told.length === 0) return [`the end of ${id} was never told`]
    const faults: string[] = []
    if (new Set(told.map(({ webhookId }) => webhookId)).size > 1)
      faults.push(`${id} was told of under several ids`)
    if (told.some(({ isSigned }) => !isSigned)) faults.push(`${id} was told of with a wrong signature`)
    if (told.some(({ textHash }) => textHash !== end.textHash))
      faults.push(`${id} was told of in other words`)
    return faults
  })

/** I8: who is told of an end can read it. */
const orderOfTruth: Invariant = (history) =>
  history
    .of('webhook')
    .filter(({ statusThen }) => statusThen !== null && !isTerminal(statusThen))
    .map(({ id, statusThen }) => `${id} was told of when it was still ${statusThen}`)

/** I9: no tenant sees a word of another. */
const isolation: Invariant = (history) => leaks(history, 'canary')

/** I10: no secret is written anywhere. */
const secrets: Invariant = (history) => leaks(history, 'secret')

function leaks(history: History, what: 'canary' | 'secret'): string[] {
  return history
    .of('leak')
    .filter((leak) => leak.what === what)
    .map(({ detail }) => detail)
}

/** I11: processes end when they are told to, complain of nothing of their own, and give back what they took. */
const processes: Invariant = (history) => {
  const exits = history
    .of('exit')
    .filter(({ isPlanned }) => !isPlanned)
    .map(({ process, code, signal }) => `${process} ended by itself with ${signal ?? code}`)
  const complaints = history.of('complaint').map(({ process, line }) => `${process}: ${line}`)
  return [...exits, ...complaints, ...kept(history)]
}

function kept(history: History): string[] {
  const measured = history.of('resources')
  return measured
    .filter(({ moment }) => moment === 'settled')
    .flatMap((settled) => {
      const fresh = measured.find(({ moment, process }) => moment === 'fresh' && process === settled.process)
      return fresh ? surplus(fresh, settled).map((fault) => `${settled.process} ${fault}`) : []
    })
}

/** I12: nothing is run more often than faults explain. */
const boundedRedo: Invariant = (history) => {
  const runs = history.of('run').filter(({ phase }) => phase === 'begin').length
  const asked = new Set([...history.requests.values()].map(({ key }) => key)).size
  const atRisk = history.of('fault').reduce((sum, fault) => sum + fault.atRisk, 0)
  return runs > asked + atRisk ? [`${runs} runs of ${asked} inputs, and faults explain ${atRisk} more`] : []
}

export const invariants = {
  I1: noLoss,
  I2: noPhantom,
  I3: oneResult,
  I4: monotonic,
  I5: idempotent,
  I6: correct,
  I7: webhooks,
  I8: orderOfTruth,
  I9: isolation,
  I10: secrets,
  I11: processes,
  I12: boundedRedo,
} as const satisfies Record<string, Invariant>

export type InvariantName = keyof typeof invariants
