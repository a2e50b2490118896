import { loadConfig } from '@augur/core/config'
import { expect, test } from 'vitest'
import { apiSettings } from './config.js'

test('without any setting the API listens on loopback only', () => {
  expect(loadConfig(apiSettings, {})).toMatchObject({ HOST: '127.0.0.1', PORT: 8000 })
})

test.each(['a key with spaces in it', 'ein-schlüssel-mit-umlaut', 'a-key-with\ttab-in-it', 'too-short'])(
  'AUGUR_API_KEY=%j is no key that a header could hold, or too short a one',
  (key) => {
    expect(() => loadConfig(apiSettings, { AUGUR_API_KEY: key })).toThrow('AUGUR_API_KEY')
  },
)

test('an address or range of a proxy is taken, and anything else named', () => {
  const proxies = (text: string) => loadConfig(apiSettings, { AUGUR_TRUSTED_PROXIES: text })
  expect(proxies('10.0.0.1, fd00::/8').AUGUR_TRUSTED_PROXIES).toHaveLength(2)
  for (const wrong of ['proxy.example', '10.0.0.0/33', '*'])
    expect(() => proxies(wrong)).toThrow('AUGUR_TRUSTED_PROXIES')
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
