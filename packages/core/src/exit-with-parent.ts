const stopWithinMs = 10_000

/**
 * Ends this process, by the same SIGTERM as everywhere, when the launcher that holds the other end of its standard
 * input is gone, even if that was killed. Does nothing unless the launcher asked for it by environment.
 */
export function exitWithParent(env: Record<string, string | undefined>): void {
  if (env.AUGUR_EXIT_WITH_PARENT !== '1') return
  process.stdin.once('close', () => {
    process.kill(process.pid, 'SIGTERM')
    // Nobody is left who would enforce a deadline.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), stopWithinMs).unref()
  })
  process.stdin.on('error', () => undefined)
  process.stdin.resume()
  // Listening for its end must not keep a process alive that has nothing else to do.
  process.stdin.unref()
}
