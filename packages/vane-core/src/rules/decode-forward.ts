import { decodeObject, optional, optionalWith, required } from '../schema/decode-object.ts'
import { decodeText, type Decode } from '../schema/decode-scalar.ts'
import { propertyOf } from '../schema/json-node.ts'
import { decodeUpstream } from './decode-proxy.ts'
import { decodeDuration } from './duration.ts'
import {
  DEFAULT_PROXY_TIMEOUTS,
  DEFAULT_UDP_IDLE_TIMEOUT_MS,
  type TcpForwardTerminate,
  type UdpForwardTerminate,
} from './types.ts'

const FIELDS = {
  type: required(decodeText('a terminate type')),
  upstream: required(decodeUpstream),
  connect_timeout: optionalWith(decodeDuration, DEFAULT_PROXY_TIMEOUTS.connectMs),
}
const tcp = decodeObject('tcp_forward', { ...FIELDS, idle_timeout: optional(decodeDuration) })
const udp = decodeObject('udp_forward', {
  ...FIELDS,
  idle_timeout: optionalWith(decodeDuration, DEFAULT_UDP_IDLE_TIMEOUT_MS),
})

/** A `tcp_forward` terminator. */
export const decodeTcpForward: Decode<TcpForwardTerminate> = (node, sink) => {
  const decoded = tcp(node, sink)
  if (decoded === undefined) return undefined
  const { upstream, connect_timeout: connectTimeoutMs, idle_timeout: idleTimeoutMs } = decoded
  return { type: 'tcp_forward', upstream, connectTimeoutMs, idleTimeoutMs }
}

/** A `udp_forward` terminator. */
export const decodeUdpForward: Decode<UdpForwardTerminate> = (node, sink) => {
  const decoded = udp(node, sink)
  if (decoded === undefined) return undefined
  const { upstream, connect_timeout: connectTimeoutMs, idle_timeout: idleTimeoutMs } = decoded
  if (upstream.kind === 'unix') {
    const message = 'datagrams are not forwarded to Unix sockets'
    sink.at(propertyOf(node, 'upstream') ?? node, { code: 'invalid-upstream', message })
    return undefined
  }
  return { type: 'udp_forward', upstream, connectTimeoutMs, idleTimeoutMs }
}
