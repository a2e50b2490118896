import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import { KeyDialog } from './key-dialog.js'
import { OperationsPage } from './operations/operations-page.js'
import { PlaygroundPage } from './playground/playground-page.js'
import { keepKey, readKey } from './server/key.js'
import { Server } from './server/server.js'
import { ServerContext } from './server/use-server.js'
import { applyTheme, readTheme, type Theme, themes } from './ui/theme.js'
import { useHash } from './ui/use-hash.js'

const pages = [
  { href: '#/', name: 'Playground' },
  { href: '#/operations', name: 'Operations' },
] as const

/** The whole page: what is on top of both of its halves, and the one that the address names. */
export function App() {
  const hash = useHash()
  const [key, setKey] = useState(readKey)
  const [isAsking, setAsking] = useState(false)
  const ask = useCallback(() => setAsking(true), [])
  // Another server object for another key: everything is read anew.
  const server = useMemo(() => new Server({ readKey: () => key, onKeyWanted: ask }), [key, ask])

  const changeKey = (wanted: string | null) => {
    keepKey(wanted)
    setKey(wanted)
    setAsking(false)
  }
  const isOperations = hash.startsWith('/operations')
  const [, openId = null] = /^\/predictions\/(\w+)$/.exec(hash) ?? []

  useEffect(() => {
    document.title = `${isOperations ? 'Operations' : 'Playground'} · Augur`
  }, [isOperations])

  return (
    <ServerContext.Provider value={server}>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Header current={isOperations ? '#/operations' : '#/'} hasKey={key !== null} onKey={ask} />
      <main id="main" tabIndex={-1}>
        {isOperations ? <OperationsPage /> : <PlaygroundPage openId={openId} hasKey={key !== null} />}
      </main>
      <KeyDialog isOpen={isAsking} hasKey={key !== null} onKey={changeKey} onClose={() => setAsking(false)} />
    </ServerContext.Provider>
  )
}

/** By hand: the hash of the address names the page. */
function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function Header({ current, hasKey, onKey }: { current: string; hasKey: boolean; onKey(): void }) {
  return (
    <header>
      <a class="brand" href="#/">
        <span class="mark" aria-hidden="true" />
        Augur
      </a>
      <nav aria-label="Pages">
        {pages.map(({ href, name }) => (
          <a key={href} href={href} {...(href === current && { 'aria-current': 'page' })}>
            {name}
          </a>
        ))}
        <a href="/docs">API</a>
      </nav>
      <button type="button" class="small" onClick={onKey}>
        {hasKey ? 'Key in use' : 'Key'}
      </button>
      <ThemeSwitch />
    </header>
  )
}

function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(readTheme)
  useEffect(() => applyTheme(theme), [theme])
  return (
    <select
      class="theme"
      aria-label="Colours"
      value={theme}
      onChange={({ currentTarget }) =>
        setTheme(themes.find((each) => each === currentTarget.value) ?? 'auto')
      }
    >
      {themes.map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  )
}
