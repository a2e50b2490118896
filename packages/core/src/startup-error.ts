/** A process cannot start, for a reason the operator can mend. The message says how and is shown without a stack. */
export class StartupError extends Error {
  override readonly name = 'StartupError'
}
