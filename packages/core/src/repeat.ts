/**
 * Runs a task again and again with a pause between, never twice at a time. What a task throws goes to `onError` and
 * ends nothing. `stop` waits for the one under way.
 */
export function repeat(
  task: () => Promise<void>,
  pauseMs: number,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()

  const run = () => {
    running = task()
      .catch(onError)
      .then(() => {
        if (!stopped) timer = setTimeout(run, pauseMs)
      })
  }
  run()

  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
