import { errorCodes, ServiceError } from '@augur/core/errors'
import { expect, test } from 'vitest'
import { errorsHtml } from './operations/reference-page.js'
import { problemSchema, problems, toProblem } from './problem.js'

test.each(errorCodes)('%s makes a problem that the schema knows, and the page of errors lists it', (code) => {
  const problem = toProblem(new ServiceError(code, 'Because.'), 'r1')
  expect(problemSchema.parse(problem)).toEqual(problem)
  expect(problem.status).toBe(problems[code].status)
  expect(errorsHtml).toContain(`id="${problem.type.split('#')[1]}"`)
})

test('titles tell the codes apart', () => {
  expect(new Set(Object.values(problems).map(({ title }) => title)).size).toBe(errorCodes.length)
})
