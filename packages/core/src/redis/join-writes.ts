import type { Redis } from 'ioredis'

/**
 * Sends the commands of one turn of the event loop in one write. A write of its own for each command is what costs
 * most on either side of a busy connection; waiting for the end of the turn costs no time that anybody could use.
 */
export function joinWrites(redis: Redis): void {
  redis.on('connect', () => {
    const { stream } = redis
    const writeOne = stream.write
    let corked = false
    const uncork = () => {
      corked = false
      stream.uncork()
    }
    stream.write = (...chunk: [never, never]) => {
      if (!corked) {
        corked = true
        stream.cork()
        setImmediate(uncork)
      }
      return writeOne.apply(stream, chunk)
    }
  })
}
