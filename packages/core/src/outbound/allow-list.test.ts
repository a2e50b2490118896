import { describe, expect, it } from 'vitest'
import { ConfigError } from '../config.js'
import { isAddressListed, isHostListed, isPortListed, parseAllowList } from './allow-list.js'

describe('parseAllowList', () => {
  it('matches a host without a port on any port that is asked about', () => {
    const list = parseAllowList(['Receiver', 'hooks.internal.'])
    expect(isHostListed(list, 'receiver', '443')).toBe(true)
    expect(isHostListed(list, 'hooks.internal', '80')).toBe(true)
    expect(isHostListed(list, 'other', '443')).toBe(false)
    expect(isPortListed(list, 'receiver', '443')).toBe(false)
  })

  it('matches a host with a port on that port only', () => {
    const list = parseAllowList(['receiver:3000'])
    expect(isHostListed(list, 'receiver', '3000')).toBe(true)
    expect(isPortListed(list, 'receiver', '3000')).toBe(true)
    expect(isHostListed(list, 'receiver', '443')).toBe(false)
  })

  it('matches one address however it is spelled', () => {
    const list = parseAllowList(['[FD00:0::0001]:9000', 'fd00::2', '10.0.0.5:9000'])
    expect(isPortListed(list, 'fd00::1', '9000')).toBe(true)
    expect(isHostListed(list, 'fd00::2', '443')).toBe(true)
    expect(isPortListed(list, '10.0.0.5', '9000')).toBe(true)
  })

  it('matches addresses in a range, but no IPv4-mapped ones', () => {
    const list = parseAllowList(['10.0.0.0/8', 'fd00::/8'])
    expect(isAddressListed(list, '10.255.0.1')).toBe(true)
    expect(isAddressListed(list, 'fd12::1')).toBe(true)
    expect(isAddressListed(list, '11.0.0.1')).toBe(false)
    expect(isAddressListed(list, '::ffff:10.0.0.1')).toBe(false)
  })

  it.each([
    '',
    ' ',
    '*',
    '*.internal',
    'http://a',
    'a b',
    '10.0.0.0/33',
    '10.0.0/8',
    'fd00::/129',
    '/8',
    'a:b',
    'a:',
    'u@h',
    '[::1',
    '10.0.0.0/',
    'a:999999',
  ])('refuses the malformed entry %j at start', (entry) => {
    expect(() => parseAllowList(['receiver', entry])).toThrow(ConfigError)
  })
})
