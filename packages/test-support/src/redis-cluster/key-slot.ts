const slots = 16_384

/** Which of the 16,384 slots of a Redis Cluster a key is in: that of the part in braces, where it has one. */
export function slotOf(key: string): number {
  const open = key.indexOf('{')
  const close = key.indexOf('}', open + 1)
  const hashed = open !== -1 && close > open + 1 ? key.slice(open + 1, close) : key
  let crc = 0
  for (const byte of Buffer.from(hashed)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++)
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  }
  return crc % slots
}

const keyless = new Set(
  (
    'PING INFO CONFIG CLIENT SCRIPT TIME HELLO AUTH SELECT QUIT COMMAND DBSIZE ECHO PUBLISH ROLE WAIT ' +
    'SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE CLUSTER'
  ).split(' '),
)
const secondIsKey = new Set(['XINFO', 'XGROUP', 'OBJECT', 'MEMORY', 'BITOP'])

/** The first key of a command; null where it has none. The nodes themselves refuse further keys of other slots. */
export function firstKey(words: readonly Buffer[]): string | null {
  const name = String(words[0]).toUpperCase()
  if (keyless.has(name)) return null
  if (/^(?:EVAL|FCALL)/.test(name)) return Number(String(words[2])) > 0 ? String(words[3]) : null
  if (name.startsWith('XREAD'))
    return String(words[words.findIndex((word) => /^streams$/i.test(String(word))) + 1])
  return String(words[secondIsKey.has(name) ? 2 : 1])
}
