import { createReadStream } from 'node:fs'
import { appendFile, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cutKeys } from '@augur/core/access/api-key'

/** A signing secret as its receiver gets it. */
const signingSecret = /whsec_[A-Za-z0-9+/]{24,}/
const chunkBytes = 8 * 1024 ** 2
/** No secret is longer, so that one that lies across two chunks is whole in the next. */
const overlap = 512

/** Which secrets stand in a text: by their value, and keys and signing secrets by their look. */
export function leaksIn(text: string, secrets: readonly string[]): string[] {
  const found = secrets.filter((secret) => text.includes(secret)).map((secret) => `${secret.slice(0, 6)}…`)
  if (cutKeys(text) !== text) found.push('an API key')
  if (signingSecret.test(text)) found.push('a signing secret')
  return found
}

/** The same for a file of any size. */
export async function leaksInFile(path: string, secrets: readonly string[]): Promise<string[]> {
  const found = new Set<string>()
  let before = ''
  for await (const chunk of createReadStream(path, { encoding: 'latin1', highWaterMark: chunkBytes })) {
    const text = `${before}${String(chunk)}`
    for (const leak of leaksIn(text, secrets)) found.add(leak)
    before = text.slice(-overlap)
  }
  return [...found]
}

/** Looks through the files below a folder, but for those that are there to hold a secret. */
export async function leaksBelow(folder: string, secrets: readonly string[], but: string): Promise<string[]> {
  const paths = await readdir(folder, { recursive: true })
  const leaks = paths.map(async (path) => {
    const whole = join(folder, path)
    if (path === but || !(await stat(whole)).isFile()) return []
    return (await leaksInFile(whole, secrets)).map((leak) => `${leak} in ${path}`)
  })
  return (await Promise.all(leaks)).flat()
}

/** Where the secrets of a run's stacks are noted, one a line, for who looks through what they left in its Redis. */
const notedPath = (redisUrl: string) => join(tmpdir(), `augur-canaries-${new URL(redisUrl).port}`)

export async function noteSecrets(redisUrl: string, secrets: readonly string[]): Promise<void> {
  await appendFile(notedPath(redisUrl), secrets.map((secret) => `${secret}\n`).join(''), { mode: 0o600 })
}

/** Gives them, and forgets them. */
export async function notedSecrets(redisUrl: string): Promise<string[]> {
  const path = notedPath(redisUrl)
  const text = await readFile(path, 'utf8').catch(() => '')
  await rm(path, { force: true })
  return text.split('\n').filter(Boolean)
}
