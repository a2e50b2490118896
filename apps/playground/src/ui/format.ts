const units: readonly [unit: string, seconds: number][] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
]

/** A length of time for people, in its largest unit: `12 s`, `3 min`. */
export function formatSeconds(seconds: number): string {
  const [unit, size] = units.find(([, each]) => seconds >= each) ?? ['s', 1]
  return `${Math.floor(seconds / size)} ${unit}`
}

/** Milliseconds for people: `0.4 ms`, `27 ms`, `1.25 s`. */
export function formatMs(ms: number): string {
  if (ms >= 10_000) return formatSeconds(ms / 1000)
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** How long ago: `now`, `12 s ago`. */
export function formatAge(time: string, nowMs: number): string {
  const seconds = (nowMs - Date.parse(time)) / 1000
  return seconds < 1 ? 'now' : `${formatSeconds(seconds)} ago`
}

/** A share of one as per cent, with more digits where it is small. */
export function formatShare(share: number): string {
  const percent = share * 100
  if (percent === 0 || percent >= 99.95) return `${Math.round(percent)} %`
  if (percent < 0.1) return '< 0.1 %'
  return `${percent.toFixed(1)} %`
}

export const formatCount = (count: number): string => count.toLocaleString('en')
