/** What a person has to put right before anything can be verified. The message names the file, and the line in it. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError'
}
