import { describe, expect, it } from 'vitest'
import { isLoopback, isPublicUnicast, isThisHost } from './address-policy.js'

const words = (text: string) => text.trim().split(/\s+/)

const refused: Record<string, string[]> = {
  'this network': ['0.0.0.0', '0.0.0.1', '0.1.2.3', '0.255.255.255', '::'],
  loopback: ['127.0.0.0', '127.0.0.1', '127.1.2.3', '127.254.254.254', '127.255.255.255', '::1'],
  private: ['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
  'carrier-grade NAT': ['100.64.0.0', '100.100.100.200', '100.127.255.255'],
  'link-local and metadata': [
    '169.254.0.0',
    '169.254.169.254',
    '169.254.170.2',
    '169.254.255.255',
    'fe80::1',
    'febf::1',
  ],
  'cloud platform agent': ['168.63.129.16'],
  'protocol assignments': ['192.0.0.0', '192.0.0.8', '192.0.0.192', '192.0.0.255'],
  documentation: [
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.255',
    '2001:db8::1',
    '2001:db8:ffff::1',
    '3fff::1',
    '3fff:fff::1',
  ],
  benchmarking: ['198.18.0.0', '198.19.255.255', '2001:2::1'],
  '6to4 relay': ['192.88.99.0', '192.88.99.255'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff00::1', 'ff02::1', 'ff0e::1'],
  'reserved and broadcast': ['240.0.0.0', '250.1.2.3', '255.255.255.254', '255.255.255.255'],
  'IPv4-mapped, public ones too': [
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '::ffff:a9fe:a9fe',
    '::ffff:8.8.8.8',
  ],
  'IPv4-compatible': ['::127.0.0.1', '::7f00:1', '::10.0.0.1', '::8.8.8.8', '::ffff', '::2'],
  'IPv4-translated': ['::ffff:0:127.0.0.1', '::ffff:0:7f00:1', '::ffff:0:808:808'],
  NAT64: [
    '64:ff9b::7f00:1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::808:808',
    '64:ff9b:1::7f00:1',
    '64:ff9b:1:ffff::1',
  ],
  '6to4': ['2002:7f00:1::', '2002:a9fe:a9fe::1', '2002:808:808::1'],
  Teredo: ['2001::1', '2001:0:4136:e378:8000:63bf:80ff:fffe', '2001:0:0:0:0:0:80ff:fffe'],
  'special purpose in 2001::/23': [
    '2001:1::1',
    '2001:3::1',
    '2001:4:112::1',
    '2001:10::1',
    '2001:20::1',
    '2001:30::1',
  ],
  'unique local': ['fc00::1', 'fcff::1', 'fd00:ec2::254', 'fd20:ce::254', 'fdff:ffff::1'],
  'site-local': ['fec0::1', 'feff::1'],
  discard: ['100::1', '100:0:0:1::1'],
  'segment routing': ['5f00::1', '5f00:ffff::1'],
  'outside the allocated space': [
    '200::1',
    '301::1',
    '400::1',
    '800::1',
    '1000::1',
    '1fff::1',
    '4000::1',
    '8000::1',
    'c000::1',
    'fbff::1',
  ],
  'zone ids': ['fe80::1%lo', '::1%1'],
}

const passed = words(`
  1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1
  168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255
  192.0.1.0 192.0.3.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0
  198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 1.0.0.0 2000::1 2001:200::1
  2001:4860:4860::8888 2606:4700:4700::1111 2003::1 2001:db7:ffff::1 2001:db9::1 2a00:1450::1
  3ffe:ffff::1 3fff:1000::1 64:ff9c::1 64:ff9a::1 64:ff9b:2::1
`)

const notAnAddress = [
  '',
  '127.1',
  '0',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '8.8.8',
  '008.8.8.8',
]
const alsoNot = [
  '①②⑦.0.0.1',
  '127。0。0。1',
  ' 8.8.8.8',
  '8.8.8.8 ',
  '8.8.8.8\n',
  '[::1]',
  '8.8.8.8/32',
  'localhost',
  'dns.google',
]

describe('isPublicUnicast', () => {
  describe.each(Object.entries(refused))('refuses %s', (_, addresses) => {
    it.each(addresses)('%s', (ip) => {
      expect(isPublicUnicast(ip)).toBe(false)
    })
  })

  it.each(passed)('passes the public address %s', (ip) => {
    expect(isPublicUnicast(ip)).toBe(true)
  })

  it.each([...notAnAddress, ...alsoNot])(
    'refuses %j, which is not the canonical text of an address',
    (text) => {
      expect(isPublicUnicast(text)).toBe(false)
    },
  )

  it('refuses each IPv4 address embedded in every translated form', () => {
    const forms = ['::ffff:', '::', '::ffff:0:', '64:ff9b::', '64:ff9b:1::']
    const addresses = ['127.0.0.1', '10.0.0.1', '169.254.169.254', '192.168.1.1', '8.8.8.8']
    const embedded = forms.flatMap((form) => addresses.map((ip) => form + ip))
    expect(embedded.filter(isPublicUnicast)).toEqual([])
  })
})

describe('isLoopback and isThisHost', () => {
  it('knows loopback in its two plain forms only', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopback)).toBe(true)
    expect(['::ffff:127.0.0.1', '0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'localhost'].some(isLoopback)).toBe(
      false,
    )
  })

  it('knows every form that the kernel takes for this machine', () => {
    const here = [
      '127.0.0.1',
      '0.0.0.0',
      '0.1.2.3',
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:0.0.0.0',
      '::ffff:7f00:1',
    ]
    expect(here.every(isThisHost)).toBe(true)
    expect(['10.0.0.1', '8.8.8.8', 'fe80::1', '::ffff:10.0.0.1', ''].some(isThisHost)).toBe(false)
  })
})
