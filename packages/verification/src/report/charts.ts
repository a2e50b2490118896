/** One line of a chart: a name, and points from left to right. */
export interface Series {
  name: string
  colour: string
  values: readonly number[]
}

/** Text as it may stand in HTML and SVG. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}

const width = 460
const rowHeight = 22
const nameWidth = 120
const valueWidth = 110

/** Groups of horizontal bars, one group for each of `groups`, drawn to the same scale. */
export function barChart(
  title: string,
  groups: readonly string[],
  series: readonly Series[],
  format: (value: number) => string,
): string {
  const most = Math.max(...series.flatMap(({ values }) => values), Number.MIN_VALUE)
  const scale = (width - nameWidth - valueWidth) / most
  const groupHeight = series.length * rowHeight + 10
  const bars = groups.flatMap((group, index) => {
    const top = index * groupHeight
    const name = `<text x="${nameWidth - 8}" y="${top + groupHeight / 2}" text-anchor="end">${escapeHtml(group)}</text>`
    return [
      name,
      ...series.map(({ values, colour }, place) => bar(values[index] ?? 0, top + place * rowHeight, colour)),
    ]
  })
  function bar(value: number, y: number, colour: string): string {
    const length = Math.max(1, value * scale)
    return (
      `<rect x="${nameWidth}" y="${y}" width="${length.toFixed(1)}" height="${rowHeight - 4}" rx="2" fill="${colour}"/>` +
      `<text x="${(nameWidth + length + 6).toFixed(1)}" y="${y + 13}">${escapeHtml(format(value))}</text>`
    )
  }
  const height = groups.length * groupHeight
  return figure(
    title,
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${bars.join('')}</svg>`,
    series,
  )
}

const cell = 26

/** How often each true class (row) was answered with each class (column); darker is more often. */
export function confusionMatrix(
  title: string,
  labels: readonly string[],
  counts: readonly (readonly number[])[],
): string {
  const margin = 12 + 7 * Math.max(...labels.map((label) => label.length))
  const size = labels.length * cell
  const cells = counts.flatMap((row, y) => {
    const total = row.reduce((sum, value) => sum + value, 0)
    return row.map((value, x) => {
      const share = total === 0 ? 0 : value / total
      const tone = x === y ? 'var(--right)' : 'var(--wrong)'
      const opacity = value === 0 ? 0 : 0.15 + 0.85 * share
      const at = `x="${margin + x * cell}" y="${margin + y * cell}"`
      const text =
        value === 0
          ? ''
          : `<text x="${margin + (x + 0.5) * cell}" y="${margin + (y + 0.65) * cell}" text-anchor="middle">${value}</text>`
      return `<rect ${at} width="${cell - 1}" height="${cell - 1}" fill="${tone}" fill-opacity="${opacity.toFixed(2)}"/>${text}`
    })
  })
  const names = labels.flatMap((label, index) => {
    const middle = margin + (index + 0.65) * cell
    const escaped = escapeHtml(label)
    return [
      `<text x="${margin - 6}" y="${middle}" text-anchor="end">${escaped}</text>`,
      `<text transform="translate(${middle},${margin - 6}) rotate(-90)">${escaped}</text>`,
    ]
  })
  const whole = margin + size
  return figure(
    title,
    `<svg viewBox="0 0 ${whole} ${whole}" style="max-width:${whole}px" role="img" aria-label="${escapeHtml(title)}">${names.join('')}${cells.join('')}</svg>`,
    [],
  )
}

function figure(title: string, svg: string, series: readonly Series[]): string {
  const keys = series.map(
    ({ name, colour }) => `<span><i style="background:${colour}"></i>${escapeHtml(name)}</span>`,
  )
  const legend = keys.length > 0 ? `<div class="legend">${keys.join('')}</div>` : ''
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>${legend}${svg}</figure>`
}
