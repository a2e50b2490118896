import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Which of these words stand in files below a folder, as `file: name of the word`. */
export async function findSecrets(folder: string, secrets: Record<string, string>): Promise<string[]> {
  const found: string[] = []
  const paths = await readdir(folder, { recursive: true })
  for (const path of paths) {
    const whole = join(folder, path)
    if (!(await stat(whole)).isFile()) continue
    const text = await readFile(whole, 'latin1')
    for (const [name, secret] of Object.entries(secrets))
      if (text.includes(secret)) found.push(`${path}: ${name}`)
  }
  return found
}
