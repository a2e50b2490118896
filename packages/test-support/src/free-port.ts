export { freePort } from '@augur/core/free-port'
