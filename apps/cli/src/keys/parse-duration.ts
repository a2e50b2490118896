const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Seconds of `30s`, `15m`, `12h` or `90d`; null when it is none of them. */
export function parseDuration(text: string): number | null {
  const [, digits, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const seconds = Number(digits) * (unitSeconds[unit] ?? Number.NaN)
  return Number.isNaN(seconds) ? null : seconds
}
