import { type FetchSpec, type ListenerTlsBlock, type ListenerTlsMeta, quoted, type SymbolicFlowGraph } from 'vane-core'
import { loadCertificate } from './load-certificate.ts'
import { loadOcspResponse } from './load-ocsp-response.ts'
import { type LoadedTrust, loadTrust } from './load-trust.ts'
import type { TicketKeys } from './ticket-keys.ts'
import type { TlsFiles } from './tls-files.ts'
import type { SystemRoots } from './system-roots.ts'
import { describePlace, TlsProblems } from './tls-problems.ts'
import { createUpstreamIdentity, type UpstreamIdentity } from './upstream-tls.ts'
import { type ClientCertificates, type TerminatorCertificate, TlsTerminator } from './tls-terminator.ts'

/** What TLS is made of besides the rules. */
export interface TlsContext {
  readonly files: TlsFiles
  readonly ticketKeys: TicketKeys
  /** Whom to believe of upstreams whose rules do not say. */
  readonly roots: SystemRoots
  /** Protocols offered to clients, most wanted first. */
  readonly alpn: readonly string[]
}

/** TLS of a graph: of its listeners, and to its upstreams. */
export interface LinkedTls {
  /** By listener key. */
  readonly terminators: ReadonlyMap<string, TlsTerminator>
  /** By the fetch that speaks it. */
  readonly identities: ReadonlyMap<FetchSpec, UpstreamIdentity>
  /** What is wrong but stops nothing, each with rule, file and line. */
  readonly warnings: readonly string[]
}

/**
 * Reads and checks every certificate, key, authority and revocation list that the rules name.
 *
 * @throws VaneError of kind `compile` with all that is wrong, each with rule, file and line.
 */
export async function linkTls(graph: SymbolicFlowGraph, context: TlsContext): Promise<LinkedTls> {
  const terminators = new Map<string, TlsTerminator>()
  const warnings = new Set<string>()
  const problems = new TlsProblems()
  // Rules often bring the same files to several listeners.
  const certificates = new Map<string, Promise<TerminatorCertificate>>()
  for (const [key, { tls }] of Object.entries(graph.meta.listeners)) {
    if (tls === undefined) continue
    const loaded: TerminatorCertificate[] = []
    for (const block of tls.certificates) {
      const id = JSON.stringify([block.sni, block.certificate, block.ocspPath])
      let loading = certificates.get(id)
      if (loading === undefined) {
        loading = loadBlock(block, context.files)
        certificates.set(id, loading)
      }
      const certificate = await problems.guard(block, () => loading)
      if (certificate === undefined) continue
      loaded.push(certificate)
      for (const message of warningsOf(block, certificate)) warnings.add(message)
    }
    const clients = await problems.guard(tls, () => loadClients(tls, context.files))
    for (const text of clients?.asked?.trust.warnings ?? []) warnings.add(`${describePlace(tls)}: tls: ${text}`)
    if (problems.isEmpty && clients !== undefined) {
      const { ticketKeys, alpn } = context
      const parts = { certificates: loaded, clients: clients.asked, ticketKeys, alpn }
      const terminator = await problems.guard(tls, () => new TlsTerminator(parts))
      if (terminator !== undefined) terminators.set(key, terminator)
    }
  }
  const identities = new Map<FetchSpec, UpstreamIdentity>()
  for (const fetch of graph.fetches) {
    const { spec } = fetch
    if ((spec.type !== 'http_proxy' && spec.type !== 'websocket') || spec.tls === undefined) continue
    const { tls, upstream } = spec
    const identity = await problems.guard(fetch, () => createUpstreamIdentity(tls, upstream, context))
    if (identity === undefined) continue
    identities.set(spec, identity)
    for (const text of identity.warnings) warnings.add(`${describePlace(fetch)}: tls: ${text}`)
  }
  problems.throwAny()
  return { terminators, identities, warnings: [...warnings] }
}

async function loadBlock(block: ListenerTlsBlock, files: TlsFiles): Promise<TerminatorCertificate> {
  if (block.certificate.kind !== 'files') throw new Error('a certificate that is ordered is not available')
  return {
    sni: block.sni,
    certificate: await loadCertificate(block.certificate, files, Date.now()),
    ocsp: block.ocspPath === undefined ? undefined : await loadOcspResponse(block.ocspPath, files),
  }
}

function warningsOf(block: ListenerTlsBlock, { certificate }: TerminatorCertificate): string[] {
  const { sni } = block
  const { leaf, warnings } = certificate
  // A name below the wildcard stands for all of them.
  const example = sni?.replace(/^\*\./, 'any.')
  const isForName = example === undefined || leaf.checkHost(example, { partialWildcards: false }) !== undefined
  return [...warnings, ...(isForName ? [] : [`its certificate is not for ${quoted(sni ?? '')}, its "sni"`])].map(
    (text) => `${describePlace(block)}: tls: ${text}`,
  )
}

async function loadClients(
  { clientAuth }: ListenerTlsMeta,
  files: TlsFiles,
): Promise<{ readonly asked: ClientCertificates | undefined }> {
  if (clientAuth === undefined || clientAuth.mode === 'none') return { asked: undefined }
  const { mode, trustStore } = clientAuth
  const { caPaths = [], caDir, crls = [] } = trustStore ?? {}
  const trust: LoadedTrust = await loadTrust({ caKey: 'ca_paths', caPaths, caDir, crls }, files)
  return { asked: { mode, trust } }
}
