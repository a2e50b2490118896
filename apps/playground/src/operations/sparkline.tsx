const [width, height] = [96, 22]

/** Values of late as a line, the newest at its right; the number beside it says the newest. */
export function Sparkline({ values, length }: { values: readonly number[]; length: number }) {
  const most = Math.max(1, ...values)
  const points = values.map((value, index) => {
    const x = width - ((values.length - 1 - index) / (length - 1)) * width
    return `${x.toFixed(1)},${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`
  })
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <line x1={0} x2={width} y1={height - 1} y2={height - 1} />
      <polyline points={points.join(' ')} />
    </svg>
  )
}
