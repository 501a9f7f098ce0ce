// AssemblyScript: looks like TypeScript, compiles to WebAssembly without an engine in it.
import {
  ContextEntry,
  Export,
  getContext,
  Header,
  Kind,
  L7ResponseDecision,
  L7ResponseInput,
  Metadata,
} from 'vane-plugin-sdk/assemblyscript'

export function metadata(): Metadata {
  const tag = new Export('tag', Kind.L7Response)
  tag.inspects = ['conn.peer_ip']
  return new Metadata('tag-as', '0.1.0', [tag])
}

/** Tells in a header whether the client came from this machine, and its address. */
export function handleL7Response(name: string, input: L7ResponseInput): L7ResponseDecision {
  const peer: ContextEntry | null = getContext(input.context, 'conn.peer_ip')
  if (peer === null) return L7ResponseDecision.error('no-peer', 'the host did not hand over conn.peer_ip')
  const address = peer.text
  const local = address.startsWith('127.') || address == '::1'
  const headers = input.headers
  headers.push(new Header('x-peer', address + (local ? '; local' : '; remote')))
  return L7ResponseDecision.modify(0, headers, null)
}
