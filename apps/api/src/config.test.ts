import { loadConfig } from '@augur/core/config'
import { expect, test } from 'vitest'
import { apiSettings } from './config.js'

const key = 'k'.repeat(16)

test('without any setting the API listens on loopback only', () => {
  expect(loadConfig(apiSettings, {})).toMatchObject({ HOST: '127.0.0.1', PORT: 8000 })
})

test.each(['0.0.0.0', '::', '10.0.0.5', 'example.com'])('HOST=%s is refused without a key', (HOST) => {
  expect(() => loadConfig(apiSettings, { HOST })).toThrow('AUGUR_API_KEY')
  expect(loadConfig(apiSettings, { HOST, AUGUR_API_KEY: key }).HOST).toBe(HOST)
})

test.each(['127.0.0.1', '127.0.0.2', '::1', 'localhost'])('HOST=%s needs no key', (HOST) => {
  expect(loadConfig(apiSettings, { HOST }).HOST).toBe(HOST)
})

test.each(['*', 'example.com', 'https://example.com/', 'https://example.com/app'])(
  'AUGUR_CORS_ORIGINS=%s is no origin',
  (origins) => {
    expect(() => loadConfig(apiSettings, { AUGUR_CORS_ORIGINS: origins })).toThrow('AUGUR_CORS_ORIGINS')
  },
)

test('a wait can never outlast the 60 s after which clients give up', () => {
  expect(() => loadConfig(apiSettings, { AUGUR_MAX_WAIT_SECONDS: '60' })).toThrow('AUGUR_MAX_WAIT_SECONDS')
})
