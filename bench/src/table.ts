import { type Figure, type Findings, summarise, type Target } from './findings.js'
import type { Spread } from './statistics.js'

const titleWidth = 46
const numberWidth = 12
const floorWidth = 38
const ratioWidth = 26

const format = (value: number, places: number) =>
  value.toLocaleString('en-US', { minimumFractionDigits: places, maximumFractionDigits: places })

/** The table of an experiment for people: medians over its rounds. */
export function tableOf({ title, figures, notes = [] }: Findings): string {
  const rows = figures.map(rowOf)
  return [
    title,
    '',
    head,
    ...rows,
    ...(notes.length > 0 ? ['', ...notes.map((note) => `  ${note}`)] : []),
  ].join('\n')
}

const head = `  ${''.padEnd(titleWidth)}${'median'.padStart(numberWidth)}  ${'beside'.padEnd(floorWidth)}ratio (range)`

function rowOf(figure: Figure): string {
  const { title, places, floor: besides, target } = figure
  const { value, floor, ratio, isReached } = summarise(figure)
  const beside = floor && besides ? `${format(floor.median, places)} ${besides.name}` : ''
  const range = ratio ? rangeOf(ratio) : ''
  const cells = [
    `  ${title.padEnd(titleWidth)}${format(value.median, places).padStart(numberWidth)}  `,
    beside.padEnd(floorWidth),
    range.padEnd(ratioWidth),
    target ? `${askedOf(target)}${verdictOf(isReached)}` : '',
  ]
  return cells.join('').trimEnd()
}

const rangeOf = ({ median, min, max }: Spread) =>
  `${format(median, 2)} (${format(min, 2)} to ${format(max, 2)})`
const askedOf = (target: Target) => ('atMost' in target ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`)

function verdictOf(isReached: boolean | null): string {
  if (isReached === null) return ''
  return isReached ? '  holds' : '  misses'
}
