// Hosts as somebody could write them into a URL. Each list says what is to become of it.

const words = (text: string) => text.trim().split(/\s+/)

/** This machine: fine in development, never in production. */
export const loopbackHosts = words(`
  127.0.0.1 127.1 127.254.254.254 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127.0.0.1.
  ①②⑦.0.0.1 127。0。0。1 localhost localhost. LOCALHOST LocalHost [::1] [0:0:0:0:0:0:0:1] 0x7f.1.
  %6cocalhost
`)
/** This machine in a disguise: never fine. */
export const thisHosts = [
  '0',
  '0.0.0.0',
  '0.1.2.3',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:0.0.0.0]',
  'foo.localhost',
  'a.b.LOCALHOST.',
]
/** Addresses that no public receiver has. */
export const privateHosts = words(`
  10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 169.254.170.2
  0xa9fea9fe 2852039166 100.64.0.1 100.100.100.200 192.0.0.192 192.0.2.1 198.51.100.1 203.0.113.1
  198.18.0.1 192.88.99.1 224.0.0.1 240.0.0.1 255.255.255.255 168.63.129.16 [::127.0.0.1]
  [::ffff:0:127.0.0.1] [::ffff:10.0.0.1] [64:ff9b::7f00:1] [64:ff9b:1::7f00:1] [2002:7f00:1::]
  [2001:0:4136:e378:8000:63bf:80ff:fffe] [fe80::1] [fec0::1] [fc00::1] [fd00:ec2::254] [fd20:ce::254]
  [ff02::1] [100::1] [2001:db8::1] [3fff::1] [5f00::1]
`)
/** Names that no public receiver has, or that are none. */
export const privateNames = words(`
  redis api metadata metadata.google.internal METADATA.GOOGLE.INTERNAL. a.internal printer.local
  x.localdomain router.home.arpa ｍetadata.google.internal a..example.com .example.com example.com..
  a,b.example.com a'b.example.com
`)
/** What must not be refused, the edges of ranges among it. */
export const publicHosts = words(`
  example.com example.com. EXAMPLE.com a_b.example.com bücher.example 例え.jp 8.8.8.8 134744072
  100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.0 [2606:4700:4700::1111] [64:ff9c::1]
  127.0.0.1.nip.io localhost.example.com
`)
