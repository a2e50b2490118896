import { testVersion } from '@augur/test-support/test-context'
import { expect, test } from 'vitest'
import { createTestApi, problemOf } from '../test/test-api.js'

test('a guardrail that could not stop the trial is refused with the field at fault, and leaves no line in the log', async () => {
  const api = await createTestApi()
  const guardrails = {
    errorRate: { maximum: 0.1, window: 20, minimum: 20 },
    feedbackAccuracy: { minimum_accuracy: 0.9 },
  }
  const body = { candidate: testVersion.id, mode: 'shadow', percent: 10, guardrails }
  const answer = await api.app.request(`/api/v1/models/${testVersion.model}/rollout`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const { status, code, errors } = await problemOf(answer)
  expect([status, code]).toEqual([422, 'invalid_input'])
  expect(errors.map(({ pointer }) => pointer)).toEqual([
    '/guardrails/errorRate/minimum',
    '/guardrails/feedbackAccuracy',
  ])
  expect(await api.context.auditLog.list(null, 10)).toEqual([])
  await api.close()
})
