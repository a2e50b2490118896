import type { Verdict } from './run-experiment.js'

const figure = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(1))

/** One line a criterion and a breach, for people. */
export function explain(verdict: Verdict): string[] {
  const criteria = verdict.criteria.map(({ name, value, atMost, atLeast, met }) => {
    const bound = [atLeast === undefined ? '' : `>= ${atLeast}`, atMost === undefined ? '' : `<= ${atMost}`]
    return `  ${met ? 'ok  ' : 'FAIL'} ${name}: ${figure(value)} (${bound.filter(Boolean).join(', ') || 'shown'})`
  })
  const breaches = Object.entries(verdict.breaches).map(
    ([name, { count, examples }]) => `  FAIL ${name}: ${count}; ${examples.join('; ')}`,
  )
  return [...criteria, ...breaches, ...(verdict.error ? [`  FAIL ${verdict.error}`] : [])]
}

/** All verdicts as a table in Markdown. */
export function tableOf(verdicts: readonly Verdict[]): string {
  const head =
    '| experiment | accepted | ended | faults | ambiguous | runs | webhooks | breaches | seconds | verdict |\n' +
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |'
  const rows = verdicts.map(({ experiment, title, counts, breaches, seconds, pass, criteria }) => {
    const ended = (counts.succeeded ?? 0) + (counts.failed ?? 0) + (counts.canceled ?? 0)
    const broken = Object.keys(breaches).length + criteria.filter(({ met }) => !met).length
    const cells = [
      `${experiment} ${title}`,
      counts.accepted,
      ended,
      counts.faults,
      counts.ambiguous,
      counts.runs,
      counts.webhooks,
      broken,
      seconds,
      pass ? 'pass' : 'FAIL',
    ]
    return `| ${cells.map((cell) => cell ?? '').join(' | ')} |`
  })
  return [head, ...rows].join('\n')
}
