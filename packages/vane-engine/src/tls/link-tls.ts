import {
  type ListenerTlsBlock,
  type ListenerTlsMeta,
  quoted,
  type SourceSpan,
  type SymbolicFlowGraph,
  VaneError,
} from 'vane-core'
import { loadCertificate } from './load-certificate.ts'
import { loadOcspResponse } from './load-ocsp-response.ts'
import { type LoadedTrust, loadTrust } from './load-trust.ts'
import type { TicketKeys } from './ticket-keys.ts'
import type { TlsFiles } from './tls-files.ts'
import { type ClientCertificates, type TerminatorCertificate, TlsTerminator } from './tls-terminator.ts'

/** What TLS on listeners is made of besides the rules. */
export interface ListenerTlsContext {
  readonly files: TlsFiles
  readonly ticketKeys: TicketKeys
  /** Protocols offered to clients, most wanted first. */
  readonly alpn: readonly string[]
}

/** TLS of a graph's listeners. */
export interface LinkedTls {
  /** By listener key. */
  readonly terminators: ReadonlyMap<string, TlsTerminator>
  /** What is wrong but stops nothing, each with rule, file and line. */
  readonly warnings: readonly string[]
}

/**
 * Reads and checks every certificate, key, authority and revocation list that the rules name for their listeners.
 *
 * @throws VaneError of kind `compile` with all that is wrong, each with rule, file and line.
 */
export async function linkTls(graph: SymbolicFlowGraph, context: ListenerTlsContext): Promise<LinkedTls> {
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
    if (problems.isEmpty && clients !== undefined) {
      const { ticketKeys, alpn } = context
      const parts = { certificates: loaded, clients: clients.asked, ticketKeys, alpn }
      const terminator = await problems.guard(tls, () => new TlsTerminator(parts))
      if (terminator !== undefined) terminators.set(key, terminator)
    }
  }
  problems.throwAny()
  return { terminators, warnings: [...warnings] }
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
    (text) => `${placeOf(block)}: tls: ${text}`,
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

interface RulePlace {
  readonly rule: string
  readonly source: SourceSpan
}

function placeOf({ rule, source: { file, line, column } }: RulePlace): string {
  return `rule ${quoted(rule)} (${file}:${line}:${column})`
}

/** Collects what is wrong with files that rules name, so that all of it is told at once. */
class TlsProblems {
  readonly #messages = new Set<string>()
  #first: RulePlace | undefined
  #cause: unknown

  get isEmpty(): boolean {
    return this.#messages.size === 0
  }

  /** Runs a step. @returns `undefined` where it failed. */
  async guard<T>(owner: RulePlace, step: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await step()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#messages.add(`${placeOf(owner)}: tls: ${reason}`)
      this.#first ??= owner
      this.#cause ??= error
      return undefined
    }
  }

  /** @throws VaneError of kind `compile` where anything was wrong. */
  throwAny(): void {
    if (this.#first === undefined) return
    const { rule, source } = this.#first
    throw new VaneError({ kind: 'compile' }, [...this.#messages].join('\n'), {
      cause: this.#cause,
      context: { rule, file: source.file, line: source.line },
    })
  }
}
