/** What stands where nothing could be measured. */
export const notMeasured = 'not measured'

const numbers = (fractionDigits: number) =>
  new Intl.NumberFormat('en-US', {
    minimumFractionDigits: fractionDigits,
    maximumFractionDigits: fractionDigits,
  })
const whole = numbers(0)

type Maybe = number | null

const unless = (value: Maybe, format: (value: number) => string) =>
  value === null ? notMeasured : format(value)

export const percent = (share: Maybe, digits = 2) =>
  unless(share, (value) => `${numbers(digits).format(100 * value)} %`)
export const milliseconds = (value: Maybe) =>
  unless(value, (ms) => `${numbers(ms < 10 ? 3 : 1).format(ms)} ms`)
export const megabytes = (bytes: Maybe) =>
  unless(bytes, (value) => `${numbers(value < 10 * 1024 ** 2 ? 2 : 0).format(value / 1024 ** 2)} MiB`)
export const perSecond = (value: Maybe) => unless(value, (rate) => `${whole.format(rate)}/s`)
export const count = (value: number) => whole.format(value)

/** Four significant digits, whatever the size. */
export const plain = (value: Maybe) =>
  unless(value, (number) => (number === 0 ? '0' : String(Number(number.toPrecision(4)))))

/** `candidate / baseline`, as in `0.52 ×`. */
export const times = (candidate: Maybe, baseline: Maybe) =>
  candidate === null || baseline === null || baseline === 0 ? '' : `${(candidate / baseline).toFixed(2)} ×`
