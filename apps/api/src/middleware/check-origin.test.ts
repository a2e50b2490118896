import { expect, test } from 'vitest'
import { isSenderAllowed } from './check-origin.js'

const nobody = { hosts: [], origins: [] }

test.each([
  { host: 'localhost:8000', page: undefined },
  { host: '127.0.0.1:8000', page: undefined },
  { host: '127.8.9.1', page: undefined },
  { host: '[::1]:8000', page: undefined },
  { host: 'localhost:8000', page: 'http://localhost:8000' },
])('$host asked by $page is this machine', (sender) => {
  expect(isSenderAllowed(sender, nobody)).toBe(true)
})

test.each([
  { host: 'evil.example', page: undefined },
  { host: 'localhost.evil.example:8000', page: undefined },
  { host: '127.0.0.1.evil.example', page: undefined },
  { host: 'evil.example:8000', page: 'http://evil.example:8000' },
  { host: 'localhost:8000', page: 'https://evil.example' },
  { host: 'localhost:8000', page: 'http://localhost:3000' },
  { host: 'localhost:8000', page: 'null' },
  { host: '', page: undefined },
])('$host asked by $page is refused', (sender) => {
  expect(isSenderAllowed(sender, nobody)).toBe(false)
})

test('a public host and configured origins are trusted, and nobody beside them', () => {
  const trusted = { hosts: ['augur.example'], origins: ['https://app.example'] }
  expect(isSenderAllowed({ host: 'augur.example', page: 'https://app.example' }, trusted)).toBe(true)
  expect(isSenderAllowed({ host: 'augur.example', page: 'https://augur.example' }, trusted)).toBe(true)
  expect(isSenderAllowed({ host: 'augur.example', page: 'https://evil.example' }, trusted)).toBe(false)
  expect(isSenderAllowed({ host: 'app.example', page: undefined }, trusted)).toBe(false)
})
