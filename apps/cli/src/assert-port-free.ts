import { once } from 'node:events'
import { createServer } from 'node:net'
import { errnoOf } from '@augur/core/errno'
import { StartupError } from '@augur/core/startup-error'

function explain(host: string, port: number, code: string | undefined): string {
  const other = `PORT=${port < 65_535 ? Math.max(port + 1, 8001) : 8001} npm start`
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${host} is in use by another program. Choose another: ${other}`
  if (code === 'EACCES')
    return `Port ${port} on ${host} needs more rights than this user has. Choose another: ${other}`
  return `HOST=${host} is not an address of this machine (${code}).`
}

/** @throws StartupError that says how to mend it, when nothing can listen on `host`:`port`. */
export async function assertPortFree(host: string, port: number): Promise<void> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
  } catch (error) {
    throw new StartupError(explain(host, port, errnoOf(error)))
  }
  server.close()
  await once(server, 'close')
}
