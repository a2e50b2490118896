import { useEffect, useState } from 'preact/hooks'

const read = () => location.hash.replace(/^#/, '') || '/'

/** The part of the address that says which page is shown, for example `/operations`. */
export function useHash(): string {
  const [hash, setHash] = useState(read)
  useEffect(() => {
    const update = () => setHash(read())
    addEventListener('hashchange', update)
    return () => removeEventListener('hashchange', update)
  }, [])
  return hash
}
