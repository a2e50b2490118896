import type { ClassificationQuality, Verification } from '@augur/core/verification/verification'
import { barChart, confusionMatrix, escapeHtml, type Series } from './charts.js'
import { count, megabytes, milliseconds, percent, perSecond } from './format.js'
import { htmlTable, page } from './page.js'
import { ruleText } from './rule-text.js'
import { answersInCommon, summaryOf } from './summary.js'

/** Beyond this many classes a matrix cannot be read any more. */
const mostClassesDrawn = 40

/** The report as one page that stands by itself. */
export function htmlReport(verification: Verification): string {
  const { model, baseline, candidate } = verification
  const title = `${model}: ${candidate.label} beside ${baseline.label}`
  const body = [
    head(verification, title),
    rulesSection(verification),
    ...summaryOf(verification).map(({ title: part, rows }) => {
      const cells = rows.map((row) => [row.title, row.baseline, row.candidate, row.change].map(escapeHtml))
      return `<h2>${part}</h2>${htmlTable(['', baseline.label, candidate.label, ''].map(escapeHtml), cells)}`
    }),
    `<h2>Answers in common</h2>${answersInCommon(verification).map(paragraph).join('')}`,
    chartsSection(verification),
    classesSection(verification),
    provenance(verification),
  ].join('\n')
  return page(title, body)
}

const paragraph = (text: string) => `<p>${escapeHtml(text)}</p>`

function head({ dataset, passed, rules }: Verification, title: string): string {
  const broken = rules.filter((rule) => !rule.passed).length
  const verdict = passed ? 'passed' : `failed: ${broken} of ${rules.length} rules broken`
  const left = dataset.broken > 0 ? ` ${count(dataset.broken)} broken lines were left out.` : ''
  const examples = `${count(dataset.examples)} examples of ${dataset.name}, ${count(dataset.labelled)} of them labelled.${left}`
  return `<h1>${escapeHtml(title)}</h1>
<span class="verdict ${passed ? 'passed' : 'failed'}">${verdict}</span>
<p class="soft">${escapeHtml(examples)}</p>`
}

function rulesSection({ rules }: Verification): string {
  const rows = rules.map((rule) => {
    const { title, limit, value } = ruleText(rule)
    const mark = rule.passed ? '<span class="yes">✓ holds</span>' : '<span class="no">✗ broken</span>'
    return [escapeHtml(title), escapeHtml(value), escapeHtml(limit), mark]
  })
  return `<h2>Rules</h2>${htmlTable(['', 'measured', 'limit', ''], rows)}`
}

function chartsSection({ baseline, candidate }: Verification): string {
  const sizes = baseline.cost.batches.map(({ microBatchSize }) => String(microBatchSize))
  const sides = [
    { name: baseline.label, colour: 'var(--baseline)', cost: baseline.cost },
    { name: candidate.label, colour: 'var(--candidate)', cost: candidate.cost },
  ]
  const byBatch = (read: (batch: (typeof sides)[0]['cost']['batches'][0]) => number): Series[] =>
    sides.map(({ name, colour, cost }) => ({ name, colour, values: cost.batches.map(read) }))
  const alone = (values: (cost: (typeof sides)[0]['cost']) => (number | null)[]): Series[] =>
    sides.map(({ name, colour, cost }) => ({ name, colour, values: values(cost).map((value) => value ?? 0) }))
  return `<h2>By size of micro-batch</h2><div class="figures">
${barChart(
  'Predictions a second',
  sizes,
  byBatch(({ perSecond: rate }) => rate),
  perSecond,
)}
${barChart(
  'Median latency of a micro-batch',
  sizes,
  byBatch(({ p50Ms }) => p50Ms),
  milliseconds,
)}
${barChart(
  '95th percentile of the latency',
  sizes,
  byBatch(({ p95Ms }) => p95Ms),
  milliseconds,
)}
${barChart(
  'Memory and size',
  ['peak memory', 'files'],
  alone((cost) => [cost.peakResidentBytes, cost.fileBytes]),
  megabytes,
)}
</div>`
}

function classesSection({ baseline, candidate }: Verification): string {
  const [before, now] = [baseline.classification, candidate.classification]
  if (!before || !now) return ''
  const rows = before.classes.map((was, index) => {
    const is = now.classes[index]
    const cells = [
      was.precision,
      is?.precision ?? null,
      was.recall,
      is?.recall ?? null,
      was.f1,
      is?.f1 ?? null,
    ]
    return [
      escapeHtml(was.label),
      count(was.support),
      ...cells.map((value) => (value === null ? '–' : percent(value, 1))),
    ]
  })
  const titles = ['precision', 'recall', 'F1'].flatMap((name) => [
    `${name}, ${baseline.label}`,
    candidate.label,
  ])
  return `<h2>By class</h2>${htmlTable(['class', 'examples', ...titles.map(escapeHtml)], rows)}
${matrices(baseline.label, before, candidate.label, now)}`
}

function matrices(
  baseline: string,
  before: ClassificationQuality,
  candidate: string,
  now: ClassificationQuality,
): string {
  if (before.classes.length > mostClassesDrawn) return ''
  const labels = before.classes.map(({ label }) => label)
  return `<h2>Confusion</h2><p class="soft">Rows are true classes, columns are answers.</p><div class="figures">
${confusionMatrix(baseline, labels, before.confusion)}
${confusionMatrix(candidate, labels, now.confusion)}
</div>`
}

function provenance({ createdAt, command, machine, dataset, baseline, candidate }: Verification): string {
  const rows = [
    ['made', `${createdAt} by ${command}`],
    [
      'machine',
      `${machine.cpu}, ${machine.cpus} cores, ${megabytes(machine.memoryBytes)}; Node.js ${machine.node}`,
    ],
    ['runtime', `${candidate.cost.runtime} on ${candidate.cost.provider}`],
    [baseline.label, baseline.id],
    [candidate.label, candidate.id],
    [dataset.name, `sha256 ${dataset.sha256}`],
  ]
  return `<h2>Where it comes from</h2>${htmlTable(
    ['', ''],
    rows.map(([name = '', text = '']) => [escapeHtml(name), `<code>${escapeHtml(text)}</code>`]),
  )}`
}
