import { assertPortFree } from '../assert-port-free.js'
import { requestJson } from '../request-json.js'
import { reachableUrl } from '../reachable-url.js'
import { type Finding, ok, problem } from './finding.js'

const withinMs = 2000

/** Whether Augur can listen where the settings say, or does already. */
export async function checkPort(host: string, port: number): Promise<Finding> {
  const where = `${host}:${port}`
  if (port === 0) return ok('port', 'any free one is taken')
  try {
    await assertPortFree(host, port)
    return ok('port', `${where} is free`)
  } catch (error) {
    if (await isAugur(reachableUrl(host, port))) return ok('port', `Augur answers at ${where}`)
    const text = error instanceof Error ? error.message : String(error)
    return problem('port', text, `PORT=${port + 1} npm start, or end what listens there`)
  }
}

async function isAugur(url: string): Promise<boolean> {
  try {
    const answer = await requestJson(`${url}/livez`, { signal: AbortSignal.timeout(withinMs) })
    return answer.status === 200
  } catch {
    return false
  }
}
