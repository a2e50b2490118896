import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Server } from './server.js'

export const ServerContext = createContext<Server | null>(null)

/** The server that the app was given. */
export function useServer(): Server {
  const server = useContext(ServerContext)
  if (!server) throw new Error('there is no server around this component')
  return server
}
