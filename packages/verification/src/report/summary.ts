import type { ClassificationQuality, Verification, VerifiedSide } from '@augur/core/verification/verification'
import { megabytes, milliseconds, percent, perSecond, plain, times } from './format.js'

/** One line of the comparison: what it is, both versions, and how they compare. */
export interface SummaryRow {
  title: string
  baseline: string
  candidate: string
  change: string
}

export interface SummaryPart {
  title: string
  rows: SummaryRow[]
}

type Read = (side: VerifiedSide) => number | null
type Format = (value: number | null) => string

/** The comparison as people read it, for terminal and page alike. */
export function summaryOf(verification: Verification): SummaryPart[] {
  return [
    { title: 'Quality', rows: qualityRows(verification) },
    { title: 'Cost', rows: costRows(verification) },
  ].filter(({ rows }) => rows.length > 0)
}

function qualityRows({ baseline, candidate }: Verification): SummaryRow[] {
  const rows: SummaryRow[] = []
  const [before, now] = [baseline.classification, candidate.classification]
  if (before && now) {
    rows.push(
      accuracyRow('top-1 accuracy', before.top1, now.top1),
      ...(before.topK && now.topK ? [accuracyRow(`top-${now.topK.k} accuracy`, before.topK, now.topK)] : []),
      differenceRow('macro F1', before.macroF1, now.macroF1),
    )
  }
  if (baseline.regression && candidate.regression) {
    rows.push(
      ratioRow('mean absolute error', baseline.regression.mae, candidate.regression.mae, plain),
      ratioRow('root mean squared error', baseline.regression.rmse, candidate.regression.rmse, plain),
    )
  }
  rows.push({
    title: 'failed inputs',
    baseline: String(baseline.failed),
    candidate: String(candidate.failed),
    change: '',
  })
  return rows
}

function accuracyRow(
  title: string,
  before: ClassificationQuality['top1'],
  now: ClassificationQuality['top1'],
): SummaryRow {
  const text = ({ hits, count, low, high }: ClassificationQuality['top1']) =>
    `${percent(hits / count)} (${percent(low, 1)} to ${percent(high, 1)})`
  const points = 100 * (now.hits / now.count - before.hits / before.count)
  return { title, baseline: text(before), candidate: text(now), change: `${signed(points)} points` }
}

function differenceRow(title: string, before: number | null, now: number | null): SummaryRow {
  const change = before === null || now === null ? '' : `${signed(100 * (now - before))} points`
  return { title, baseline: percent(before), candidate: percent(now), change }
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`

function ratioRow(title: string, before: number | null, now: number | null, format: Format): SummaryRow {
  return { title, baseline: format(before), candidate: format(now), change: times(now, before) }
}

function costRows({ baseline, candidate }: Verification): SummaryRow[] {
  const row = (title: string, read: Read, format: Format) =>
    ratioRow(title, read(baseline), read(candidate), format)
  const usesGpu = [baseline, candidate].some(({ cost }) => cost.provider !== 'cpu')
  return [
    row('latency alone, p50', (side) => first(side)?.p50Ms ?? null, milliseconds),
    row('latency alone, p95', (side) => first(side)?.p95Ms ?? null, milliseconds),
    row('latency alone, p99', (side) => first(side)?.p99Ms ?? null, milliseconds),
    row('best throughput', bestThroughput, perSecond),
    row('CPU per prediction', ({ cost }) => cost.cpuMsPerPrediction, milliseconds),
    row('cores kept busy', ({ cost }) => cost.cpuCores, plain),
    row('peak resident memory', ({ cost }) => cost.peakResidentBytes, megabytes),
    row('load time', ({ cost }) => cost.loadMs, milliseconds),
    row('size of files', ({ cost }) => cost.fileBytes, megabytes),
    ...(usesGpu
      ? [
          row('GPU utilisation', ({ cost }) => share(cost.gpuUtilisation), percent),
          row('GPU memory', ({ cost }) => cost.gpuMemoryBytes, megabytes),
        ]
      : []),
  ]
}

const share = (outOfHundred: number | null) => (outOfHundred === null ? null : outOfHundred / 100)
const first = ({ cost }: VerifiedSide) => cost.batches[0]
const bestThroughput: Read = ({ cost }) => Math.max(...cost.batches.map((batch) => batch.perSecond))

/** What the answers of both versions have in common, a sentence each. */
export function answersInCommon({ agreement, disagreement, distance, dataset }: Verification): string[] {
  const sentences: string[] = []
  if (dataset.labelled === 0) sentences.push('The test set has no labels: only agreement could be judged.')
  if (agreement) {
    const { hits, count, low, high } = agreement
    sentences.push(
      `Same answer for ${hits} of ${count} inputs: ${percent(hits / count)} (95 % interval ${percent(low, 1)} to ${percent(high, 1)}).`,
    )
  }
  if (disagreement) {
    const { onlyBaseline, onlyCandidate, p } = disagreement
    sentences.push(
      `Right by the baseline only: ${onlyBaseline}; by the candidate only: ${onlyCandidate}; McNemar's exact p ${plain(p)}.`,
    )
  }
  const { maxAbsolute, meanAbsolute, meanCosine, meanKl } = distance
  if (maxAbsolute !== null) {
    const kl = meanKl === null ? '' : `; mean divergence ${plain(meanKl)} nats`
    sentences.push(
      `Outputs differ by ${plain(meanAbsolute)} on average and ${plain(maxAbsolute)} at most; mean cosine ${plain(meanCosine)}${kl}.`,
    )
  }
  return sentences
}
