const name = 'augur.key'

/** The key of this tab: forgotten when it is closed. */
export const readKey = (): string | null => sessionStorage.getItem(name)

export function keepKey(key: string | null): void {
  if (key === null) sessionStorage.removeItem(name)
  else sessionStorage.setItem(name, key)
}
