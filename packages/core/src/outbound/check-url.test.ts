import {
  loopbackHosts,
  privateHosts,
  privateNames,
  publicHosts,
  thisHosts,
} from '@augur/test-support/outbound-corpus'
import { describe, expect, it } from 'vitest'
import { checkOutboundUrl, type OutboundPolicy } from './check-url.js'

const development: OutboundPolicy = { mode: 'development', allow: [] }
const production: OutboundPolicy = { mode: 'production', allow: [] }
const everything = [
  '0.0.0.0/0',
  '::/0',
  'localhost',
  'localhost:6379',
  '127.0.0.1',
  '127.0.0.1:443',
  '[::1]:443',
  'foo.localhost',
]
const openProduction: OutboundPolicy = { mode: 'production', allow: everything }

const isAllowed = (text: string, policy: OutboundPolicy) => checkOutboundUrl(text, policy).ok

describe('hosts', () => {
  const schemes = ['http', 'https']
  const urls = (hosts: string[]) =>
    schemes.flatMap((scheme) => hosts.map((host) => `${scheme}://${host}/hook?x=1`))
  const refusedEverywhere = urls([...thisHosts, ...privateHosts, ...privateNames])

  it('has a corpus of at least 150 refused vectors', () => {
    expect(refusedEverywhere.length + urls(loopbackHosts).length).toBeGreaterThan(150)
  })

  it.each(refusedEverywhere)('refuses %s in both modes', (url) => {
    expect(isAllowed(url, development)).toBe(false)
    expect(isAllowed(url, production)).toBe(false)
  })

  it.each(urls(loopbackHosts))('allows %s in development and refuses it in production', (url) => {
    expect(isAllowed(url, development)).toBe(true)
    expect(isAllowed(url, production)).toBe(false)
  })

  it.each(urls([...loopbackHosts, ...thisHosts]))(
    'refuses %s in production even when it is listed',
    (url) => {
      expect(isAllowed(url, openProduction)).toBe(false)
    },
  )

  it.each(publicHosts)('allows https://%s in both modes', (host) => {
    expect(isAllowed(`https://${host}/hook`, production)).toBe(true)
    expect(isAllowed(`https://${host}/hook`, development)).toBe(true)
  })

  it('allows plain http in development only', () => {
    expect(isAllowed('http://example.com/', development)).toBe(true)
    expect(isAllowed('http://example.com/', production)).toBe(false)
  })
})

describe('the allow list', () => {
  const allow = ['receiver', 'api.internal:3000', '10.1.0.0/16', '192.168.1.9:9000', 'hooks.example.com:9000']
  const policy: OutboundPolicy = { mode: 'production', allow }

  it.each([
    'receiver',
    'receiver:8443',
    'api.internal:3000',
    '10.1.2.3',
    '192.168.1.9:9000',
    'hooks.example.com:9000',
    'hooks.example.com',
  ])('opens https://%s', (host) => {
    expect(isAllowed(`https://${host}/`, policy)).toBe(true)
  })

  it.each([
    'receiver:6379',
    'api.internal',
    'api.internal:3001',
    '10.1.2.3:22',
    '10.2.0.1',
    '192.168.1.9',
    'other',
    '[::ffff:10.1.2.3]',
    '0.0.0.0',
  ])('leaves https://%s closed', (host) => {
    expect(isAllowed(`https://${host}/`, policy)).toBe(false)
  })
})

describe('ports', () => {
  it.each(['', ':443', ':80', ':8443', ':0443'])('allows https://example.com%s', (port) => {
    expect(isAllowed(`https://example.com${port}/`, production)).toBe(true)
  })

  it.each(['0', '22', '25', '6379', '8000', '65535', '65536', '99999', '-1', 'x', '443 '])(
    'refuses port %s',
    (port) => {
      expect(isAllowed(`https://example.com:${port}/`, development)).toBe(false)
      expect(isAllowed(`https://8.8.8.8:${port}/`, production)).toBe(false)
    },
  )

  it('allows any port of loopback in development, but 0', () => {
    expect(isAllowed('http://127.0.0.1:31337/', development)).toBe(true)
    expect(isAllowed('http://localhost:6379/', development)).toBe(true)
    expect(isAllowed('http://localhost:0/', development)).toBe(false)
  })
})

describe('syntax', () => {
  const schemes = [
    'file:///etc/passwd',
    'gopher://example.com/',
    'ftp://example.com/',
    'data:text/plain,x',
    'javascript:alert(1)',
  ]
  const more = [
    'ws://example.com/',
    'wss://example.com/',
    'unix:/var/run/docker.sock',
    'blob:https://example.com/x',
    '//example.com/',
  ]
  it.each([
    ...schemes,
    ...more,
    'example.com',
    '',
    'https',
    'https:',
    'https://',
    'https:///',
    'https:example.com',
    'https:/example.com/',
  ])('refuses %j as no absolute http URL', (url) => {
    expect(isAllowed(url, development)).toBe(false)
  })

  const userInfo = ['user@', 'user:password@', ':password@', '@', ':@', 'example.com@', '%40@', 'a@b@']
  it.each(userInfo)('refuses user info %j', (part) => {
    expect(isAllowed(`https://${part}example.com/`, development)).toBe(false)
  })

  const unsafe = [
    '\t',
    '\n',
    '\r',
    '\r\n',
    '\0',
    '\u007f',
    '\u0085',
    ' ',
    '\u00a0',
    '\u2028',
    '\u3000',
    '\ufeff',
    '\u200b',
    '\u202e',
    '\\',
    '\ud800',
  ]
  const places = [
    '%shttps://example.com/',
    'ht%stps://example.com/',
    'https:/%s/example.com/',
    'https://exa%smple.com/',
  ]
  const withUnsafe = [
    ...places,
    'https://example.com%s/',
    'https://example.com/a%sb',
    'https://example.com/?a=%s',
    'https://example.com/%s',
  ]
  it.each(withUnsafe)('refuses white space, control characters and backslashes anywhere: %j', (place) => {
    const accepted = unsafe.filter((character) => isAllowed(place.replace('%s', character), development))
    expect(accepted).toEqual([])
  })

  it.each([
    'https://example.com/#',
    'https://example.com/#a',
    'https://example.com#@10.0.0.1/',
    'https://127.0.0.1#.example.com/',
  ])('refuses a fragment: %s', (url) => {
    expect(isAllowed(url, development)).toBe(false)
  })

  it('counts 2048 characters, raw and encoded', () => {
    const base = 'https://example.com/'
    expect(isAllowed(base + 'a'.repeat(2048 - base.length), production)).toBe(true)
    expect(isAllowed(base + 'a'.repeat(2049 - base.length), production)).toBe(false)
    expect(isAllowed(base + 'ж'.repeat(1000), production)).toBe(false)
  })

  it('keeps the query as it was given and never repeats the URL in a refusal', () => {
    const allowed = checkOutboundUrl('https://example.com/a?b=c%20d&e', production)
    expect(allowed.ok && allowed.url.search).toBe('?b=c%20d&e')
    const refused = checkOutboundUrl('https://10.9.8.7/secret', production)
    expect(refused).toEqual({ ok: false, reason: 'The address is not public.' })
  })
})
