import { useEffect, useState } from 'preact/hooks'

const shownMs = 1500

/** Puts a text on the clipboard. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [isDone, setDone] = useState(false)
  useEffect(() => {
    if (!isDone) return undefined
    const timer = setTimeout(() => setDone(false), shownMs)
    return () => clearTimeout(timer)
  }, [isDone])
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setDone(true)
  }
  return (
    <button type="button" class="small" aria-label={label} onClick={() => void copy()}>
      <span aria-live="polite">{isDone ? 'Copied' : 'Copy'}</span>
    </button>
  )
}
