import type { JudgedRule } from '@augur/core/verification/verification'
import { notMeasured, percent, plain } from './format.js'

type Unit = 'share' | 'ratio' | 'number'

const titles: Record<string, { title: string; bound: string; unit: Unit }> = {
  noNewFailures: { title: 'inputs that fail on the candidate only', bound: 'at most', unit: 'number' },
  comparable: { title: 'answers that can be compared', bound: 'at least', unit: 'number' },
  maxAccuracyDrop: { title: 'fall of top-1 accuracy', bound: 'at most', unit: 'share' },
  maxMacroF1Drop: { title: 'fall of macro F1', bound: 'at most', unit: 'share' },
  minAgreement: { title: 'same answer', bound: 'at least', unit: 'share' },
  maxErrorIncrease: { title: 'growth of the mean absolute error', bound: 'at most', unit: 'share' },
  minCosine: { title: 'mean cosine of the outputs', bound: 'at least', unit: 'number' },
  maxOutputDistance: { title: 'largest difference of the outputs', bound: 'at most', unit: 'number' },
  maxLatencyRatio: { title: 'latency beside the baseline', bound: 'at most', unit: 'ratio' },
  minThroughputRatio: { title: 'throughput beside the baseline', bound: 'at least', unit: 'ratio' },
  maxMemoryRatio: { title: 'memory beside the baseline', bound: 'at most', unit: 'ratio' },
  maxSizeRatio: { title: 'size beside the baseline', bound: 'at most', unit: 'ratio' },
}

/** A judged rule for people: what it is about, its limit and its value. */
export function ruleText({ name, limit, value }: JudgedRule): {
  title: string
  limit: string
  value: string
} {
  const { title, bound, unit } = titles[name] ?? { title: name, bound: '', unit: 'number' as const }
  const text = (number: number) => {
    if (unit === 'share') return percent(number)
    return unit === 'ratio' ? `${plain(number)} ×` : plain(number)
  }
  return {
    title,
    limit: `${bound} ${text(limit)}`,
    value: value === null ? notMeasured : text(value),
  }
}
