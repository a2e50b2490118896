const [width, height] = [96, 22]
/** Fewer do not fill the width yet. */
const fewestSteps = 12

/** Values of late as a line, the newest at its right; the number beside it says the newest. One alone is no line. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const most = Math.max(1, ...values)
  const steps = Math.max(fewestSteps, values.length - 1)
  const points = values.map((value, index) => {
    const x = width - ((values.length - 1 - index) / steps) * width
    return `${x.toFixed(1)},${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`
  })
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <line x1={0} x2={width} y1={height - 1} y2={height - 1} />
      {points.length > 1 && <polyline points={points.join(' ')} />}
    </svg>
  )
}
