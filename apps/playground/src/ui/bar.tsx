/** A share of one as a bar; what it says stands beside it, so it is hidden from screen readers. */
export function Bar({ share, tone = 'accent' }: { share: number; tone?: 'accent' | 'muted' | 'bad' }) {
  const width = `${Math.min(1, Math.max(0, share)) * 100}%`
  return (
    <span class={`bar bar-${tone}`} aria-hidden="true">
      <span class="bar-fill" style={{ width }} />
    </span>
  )
}
