import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

const pollEveryMs = 50
const remindEveryMs = 15_000

function statusOf(url: string, signal: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { signal, agent: false, timeout: 5000 }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.once('timeout', () => request.destroy())
    request.once('error', () => resolve(undefined))
  })
}

/**
 * Asks `url` until it answers 200, for as long as it takes: a first start may download models.
 * @throws the signal's reason when it is aborted.
 */
export async function waitUntilReady(
  url: string,
  signal: AbortSignal,
  report: (line: string) => void,
): Promise<void> {
  let remindAt = Date.now() + remindEveryMs
  for (;;) {
    signal.throwIfAborted()
    if ((await statusOf(url, signal)) === 200) return
    if (Date.now() >= remindAt) {
      report('Still waiting for a worker that has loaded its models.')
      remindAt = Date.now() + remindEveryMs
    }
    await delay(pollEveryMs, undefined, { signal }).catch(() => undefined)
  }
}
