import { VerificationError } from '@augur/verification/verification-error'

/** @throws VerificationError when what a flag was given is no number */
export function numberOf(flag: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value)) return value
  throw new VerificationError(`--${flag} must be a number, not ${text}`)
}
