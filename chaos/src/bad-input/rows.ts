import { bodyRows } from './body-rows.js'
import { httpRows } from './http-rows.js'
import { requestsTo } from './requests.js'
import type { Row, Target } from './row.js'
import { tensorRows } from './tensor-rows.js'

/** Every kind of bad input, with the answer to it. */
export function badInputs(target: Target): Row[] {
  const requests = requestsTo(target)
  return [...httpRows(requests, target), ...bodyRows(requests, target), ...tensorRows(requests)]
}
