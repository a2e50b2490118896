import { cutKeys } from '../access/api-key.js'

/** Shorter ones would be found in words that have nothing to do with them. */
const leastCharacters = 8
/** JSON escapes what is below U+0020; a terminal obeys these, or a reader takes them for the end of a line, as well. */
const control = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
const patterns: readonly [RegExp, string][] = [
  [/whsec_[A-Za-z0-9+/=_-]{8,}/g, 'whsec_[cut]'],
  [/\b(Bearer|Token) +(?!\[cut])[^\s"\\]{8,}/gi, '$1 [cut]'],
  // The password of a URL, which may itself hold an @.
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s"\\/:@]*):[^\s"\\/]+@/gi, '$1:[cut]@'],
  [/([?&]ticket=)[^\s"\\&]+/g, '$1[cut]'],
]

const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

/**
 * Cuts secrets out of a line of JSON, wherever in it they stand: those of `secrets` by their value, keys, signing
 * secrets, passwords in URLs and tickets by their look. Characters that a terminal obeys leave as `\uXXXX`.
 */
export function createSecretCutter(secrets: readonly string[]): (line: string) => string {
  const values = new Set(
    secrets
      .filter((secret) => secret.length >= leastCharacters)
      .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]),
  )
  return (line) => {
    let cut = line
    for (const value of values) if (cut.includes(value)) cut = cut.replaceAll(value, '[cut]')
    cut = cutKeys(cut)
    for (const [pattern, instead] of patterns) cut = cut.replaceAll(pattern, instead)
    return cut.replaceAll(control, escaped)
  }
}
