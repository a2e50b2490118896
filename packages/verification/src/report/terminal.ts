import { styleText } from 'node:util'
import type { Verification } from '@augur/core/verification/verification'
import { count, milliseconds, perSecond, times } from './format.js'
import { ruleText } from './rule-text.js'
import { answersInCommon, summaryOf } from './summary.js'
import { table } from './table.js'

type Paint = (colour: 'green' | 'red' | 'bold' | 'dim', text: string) => string

const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`)

/** The report for a terminal; with colours where `colours` says so. */
export function terminalReport(verification: Verification, { colours }: { colours: boolean }): string {
  const paint: Paint = (colour, text) => (colours ? styleText(colour, text) : text)
  const { model, baseline, candidate, dataset, passed } = verification
  const head = `${model}: ${candidate.label} beside ${baseline.label}`
  const examples = `${count(dataset.examples)} examples of ${dataset.name}, ${count(dataset.labelled)} labelled`
  const broken = dataset.broken > 0 ? `, ${count(dataset.broken)} broken lines left out` : ''
  return [
    paint('bold', head),
    `${examples}${broken}`,
    '',
    ...summaryOf(verification).flatMap(({ title, rows }) => [
      ...indented(
        table([
          [title, baseline.label, candidate.label, ''],
          ...rows.map((row) => [row.title, row.baseline, row.candidate, row.change]),
        ]),
      ),
      '',
    ]),
    ...indented(table(batchRows(verification))),
    '',
    ...indented(answersInCommon(verification)),
    '',
    ...indented(ruleLines(verification, paint)),
    '',
    passed ? paint('green', 'passed') : paint('red', 'failed'),
  ].join('\n')
}

function batchRows({ baseline, candidate }: Verification): string[][] {
  const rows = baseline.cost.batches.map((before, index) => {
    const now = candidate.cost.batches[index]
    return [
      String(before.microBatchSize),
      milliseconds(before.p50Ms),
      milliseconds(now?.p50Ms ?? null),
      perSecond(before.perSecond),
      perSecond(now?.perSecond ?? null),
      times(now?.perSecond ?? null, before.perSecond),
    ]
  })
  const { label } = baseline
  const other = candidate.label
  return [['Micro-batch', `${label} p50`, `${other} p50`, label, other, ''], ...rows]
}

function ruleLines({ rules }: Verification, paint: Paint): string[] {
  const lines = table(
    rules.map((rule) => {
      const { title, limit, value } = ruleText(rule)
      return [`${rule.passed ? '✓' : '✗'} ${title}`, value, limit]
    }),
  )
  return lines.map((line, index) => paint(rules[index]?.passed ? 'green' : 'red', line))
}
