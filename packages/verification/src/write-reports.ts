import { randomBytes } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { type Verification, verificationFile } from '@augur/core/verification/verification'
import { join } from 'node:path'
import { htmlReport } from './report/html.js'
import { VerificationError } from './verification-error.js'

export const reportFile = 'verification.html'

/**
 * Writes `verification.json` and its page beside a version. Each appears whole or not at all.
 * @throws VerificationError when the folder cannot be written to
 */
export async function writeReports(folder: string, verification: Verification): Promise<void> {
  try {
    await writeWhole(join(folder, reportFile), htmlReport(verification))
    await writeWhole(join(folder, verificationFile), `${JSON.stringify(verification, null, 2)}\n`)
  } catch (error) {
    throw new VerificationError(
      `The report could not be written to ${folder}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeFile(temporary, text, { flag: 'wx' })
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}
