import type { ComponentChildren } from 'preact'

interface TabsProps {
  label: string
  names: readonly string[]
  chosen: string
  onChoose(name: string): void
  children: ComponentChildren
}

/** Tabs that the arrow keys walk through, with the panel of the chosen one. */
export function Tabs({ label, names, chosen, onChoose, children }: TabsProps) {
  const idOf = (name: string) => `tab-${label}-${name}`.replaceAll(/\W+/g, '-').toLowerCase()
  const step = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (by === undefined) return
    const next = names[(names.indexOf(chosen) + by + names.length) % names.length]
    if (next === undefined) return
    event.preventDefault()
    onChoose(next)
    document.getElementById(idOf(next))?.focus()
  }
  return (
    <div class="tabs">
      <div role="tablist" aria-label={label} class="tablist" onKeyDown={step}>
        {names.map((name) => (
          <button
            key={name}
            id={idOf(name)}
            type="button"
            role="tab"
            aria-selected={name === chosen}
            aria-controls={`${idOf(name)}-panel`}
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${idOf(chosen)}-panel`} aria-labelledby={idOf(chosen)}>
        {children}
      </div>
    </div>
  )
}
