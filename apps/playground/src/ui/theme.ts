export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const name = 'augur.theme'
const isTheme = (text: string | null): text is Theme => themes.some((theme) => theme === text)

export function readTheme(): Theme {
  const kept = localStorage.getItem(name)
  return isTheme(kept) ? kept : 'auto'
}

/** Shows the page in this theme, and the next time as well. */
export function applyTheme(theme: Theme): void {
  localStorage.setItem(name, theme)
  document.documentElement.dataset.theme = theme
}
