import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressGroup, clientAddress, parseProxy } from './client-address.js'

const trusted = ['10.0.0.0/8', '::1', 'fd00::/8'].map(parseProxy).filter((range) => range !== null)
const from = (address: string | undefined, forwardedFor?: string) =>
  clientAddress({ address, forwardedFor }, trusted)

test('without a trusted proxy the header is not believed', () => {
  expect(from('203.0.113.7', '198.51.100.1')).toBe('203.0.113.7')
  expect(clientAddress({ address: '10.0.0.1', forwardedFor: '198.51.100.1' }, [])).toBe('10.0.0.1')
})

test('behind trusted proxies the client is the last address that is none of theirs', () => {
  expect(from('10.0.0.1', '198.51.100.1')).toBe('198.51.100.1')
  expect(from('::1', '1.1.1.1, 198.51.100.1, 10.0.0.2')).toBe('198.51.100.1')
  expect(from('::ffff:10.0.0.1', '[2001:db8::1]:443')).toBe('2001:db8::1')
  expect(from('10.0.0.1', '198.51.100.1:8080')).toBe('198.51.100.1')
})

test.each(['', 'unknown', 'a, b', '1.2.3', '{*}', '999.1.1.1', '127.1'])(
  'a proxy that names %j stands for its client',
  (header) => {
    expect(from('10.0.0.1', header)).toBe('10.0.0.1')
  },
)

test('whatever the header holds, an address comes out', () => {
  fc.assert(
    fc.property(fc.string(), (header) => {
      expect(from('10.0.0.1', header)).toMatch(/^[0-9a-f.:]+$/)
    }),
  )
})

test('an address has one spelling', () => {
  expect(from('::ffff:203.0.113.7')).toBe('203.0.113.7')
  expect(from('FE80::0:1%eth0')).toBe('fe80::1')
  expect(from(undefined)).toBe('unknown')
})

test('IPv6 addresses of one subscriber are counted together', () => {
  expect(addressGroup('2001:db8:1:2:3::4')).toBe(addressGroup('2001:db8:1:2::5'))
  expect(addressGroup('2001:db8:1:2::5')).not.toBe(addressGroup('2001:db8:1:3::5'))
  expect(addressGroup('203.0.113.7')).toBe('203.0.113.7')
})

test.each(['10.0.0.0/33', 'proxy', '10.0.0', '*', '/8'])('%s is no proxy', (text) => {
  expect(parseProxy(text)).toBeNull()
})
