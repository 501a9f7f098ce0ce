import { type HeaderList, type IpNetwork, type Json, networkContains, parseCidr, parseIp, unmapIp } from 'vane-core'
import { CONTINUE, type Middleware } from '../executor/flow.ts'
import { isForwardingField } from '../http1/forwarding-fields.ts'
import { toRecord, toTexts } from './args.ts'
import { readForwarded, readForwardedFor } from './client-chain.ts'
import { toForwardedElement } from './forwarded-element.ts'

/** Fields this middleware can set. */
const X_FORWARDED_FOR = 'x-forwarded-for'
const X_REAL_IP = 'x-real-ip'
const FORWARDED = 'forwarded'

/** Arguments as the compiler hands them over: checked, defaults filled in. */
interface ForwardClientIpArgs {
  readonly headers: ReadonlySet<string>
  readonly trustedProxies: readonly IpNetwork[]
  readonly stripInboundForwarded: boolean
}

/**
 * Tells the upstream who the client is.
 *
 * What a trusted proxy says of its own client is kept and added to. What anybody else says is removed, since an upstream
 * that believes it would believe whatever a client invents.
 */
export function createForwardClientIp(json: Json): Middleware {
  const args = toArgs(json)
  return {
    handle({ connection, request }) {
      const { headers } = request
      const peer = connection.peerIp
      const isTrusted = connection.peerIpBytes !== undefined && isIn(args.trustedProxies, connection.peerIpBytes)
      if (!isTrusted && args.stripInboundForwarded) stripInbound(headers)
      if (args.headers.has(X_REAL_IP)) {
        const client = isTrusted ? findClient(headers, args.trustedProxies, peer) : peer
        if (client === undefined) headers.delete(X_REAL_IP)
        else headers.set(X_REAL_IP, client)
      }
      if (args.headers.has(X_FORWARDED_FOR) && peer !== undefined) appendElement(headers, X_FORWARDED_FOR, peer)
      if (args.headers.has(FORWARDED)) {
        // What is added to a text that does not end would be read as part of it.
        if (readForwarded(headers) === 'broken') headers.delete(FORWARDED)
        appendElement(headers, FORWARDED, toForwardedElement({ peer, host: request.authority, proto: request.scheme }))
      }
      return CONTINUE
    },
  }
}

/** Every field by which software commonly hears of the original request, not only those that are set again. */
function stripInbound(headers: HeaderList): void {
  headers.filterNames(isOfMessage)
}

/** The last address of the chain that is no trusted proxy's; where all are, the first. */
function findClient(headers: HeaderList, trusted: readonly IpNetwork[], peer: string | undefined): string | undefined {
  const chain = readForwardedFor(headers) ?? readForwarded(headers)
  // Whoever broke it, a client perhaps, must not choose by that what is read in its place.
  if (chain === 'broken') return peer
  // A trusted proxy that keeps no chain may name its client outright.
  if (chain === undefined) {
    const named = headers.get(X_REAL_IP)
    return named !== undefined && parseIp(named) !== undefined ? named : peer
  }
  let client = peer
  for (const text of chain.toReversed()) {
    const address = text === undefined ? undefined : parseIp(text)
    // Whatever stands before an entry that is no address was not written by the proxy that wrote the entry.
    if (address === undefined) return client
    client = text
    if (!isIn(trusted, unmapIp(address))) return client
  }
  return client
}

function isOfMessage(lowerName: string): boolean {
  return !isForwardingField(lowerName)
}

/** Adds to a list field, as one line: software that reads the first line only must not read less than all. */
function appendElement(headers: HeaderList, name: string, element: string): void {
  if (!headers.has(name)) {
    headers.append(name, element)
    return
  }
  const inbound = headers.getAll(name)
  headers.set(name, [...inbound, element].filter((value) => value.trim() !== '').join(', '))
}

function isIn(networks: readonly IpNetwork[], address: Uint8Array): boolean {
  return networks.some((network) => networkContains(network, address))
}

function toArgs(json: Json): ForwardClientIpArgs {
  const args = toRecord(json)
  const headers = toTexts(args['headers']) ?? [X_FORWARDED_FOR, X_REAL_IP, FORWARDED]
  const trustedProxies = (toTexts(args['trusted_proxies']) ?? []).map((text) => {
    const network = parseCidr(text)
    if (network === undefined) throw new Error(`trusted proxy ${JSON.stringify(text)} is no network`)
    return network
  })
  return {
    headers: new Set(headers.map((name) => name.toLowerCase())),
    trustedProxies,
    stripInboundForwarded: args['strip_inbound_forwarded'] !== false,
  }
}
