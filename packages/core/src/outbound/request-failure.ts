import { errors } from 'undici'
import { errnoOf } from '../errno.js'
import { BlockedAddressError } from './guarded-agent.js'

/** Why a request got no complete answer. */
export type FailureCode = 'blocked_address' | 'timeout' | 'connection' | 'dns' | 'tls' | 'protocol'

const timeoutCodes = /^(?:ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT)$/
const dnsCodes = /^(?:ENOTFOUND|ENODATA|ESERVFAIL|EAI_\w+)$/
const tlsCodes =
  /^(?:ERR_TLS_\w+|ERR_SSL_\w+|ERR_OSSL_\w+|EPROTO|CERT_\w+|CRL_\w+|UNABLE_TO_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERROR_IN_\w+)$/
const protocolCodes =
  /^(?:HPE_\w+|UND_ERR_HEADERS_OVERFLOW|UND_ERR_\w+_CONTENT_LENGTH_MISMATCH|UND_ERR_INVALID_ARG)$/

function codeOf(error: Error): string {
  // Where llhttp rejects the first line, undici leaves the code out.
  return errnoOf(error) ?? (error instanceof errors.HTTPParserError ? 'HPE_INVALID' : '')
}

/** Sorts an error of the network into the closed list. Its own text is not passed on: it can hold addresses. */
export function describeFailure(error: Error): { code: FailureCode; message: string } {
  if (error instanceof BlockedAddressError) return { code: 'blocked_address', message: error.message }
  const code = codeOf(error)
  const detail = code === '' ? '' : ` (${code})`
  if (timeoutCodes.test(code))
    return { code: 'timeout', message: `The connection was not made in time${detail}.` }
  if (dnsCodes.test(code)) return { code: 'dns', message: `The host name did not resolve${detail}.` }
  if (tlsCodes.test(code)) return { code: 'tls', message: `No secure connection could be made${detail}.` }
  if (protocolCodes.test(code))
    return { code: 'protocol', message: `The exchange was not valid HTTP${detail}.` }
  return { code: 'connection', message: `The connection failed${detail}.` }
}
