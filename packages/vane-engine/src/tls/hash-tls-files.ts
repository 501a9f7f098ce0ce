import type { SymbolicFlowGraph, UpstreamTls } from 'vane-core'
import { TlsFiles } from './tls-files.ts'

/**
 * Reads the files that a graph's rules name for TLS and hashes them, as linking the graph would: a file that has changed,
 * come or gone makes another digest. Never throws for what is in them.
 */
export async function hashTlsFiles(graph: SymbolicFlowGraph, baseDir: string): Promise<string> {
  const files = new TlsFiles(baseDir)
  const reading: Promise<unknown>[] = []
  const read = (path: string | undefined): void => {
    if (path !== undefined) reading.push(files.read(path, ''))
  }
  for (const { tls } of Object.values(graph.meta.listeners)) {
    for (const { certificate, ocspPath } of tls?.certificates ?? []) {
      read(certificate.kind === 'files' ? certificate.certFile : undefined)
      read(certificate.kind === 'files' ? certificate.keyFile : undefined)
      read(ocspPath)
    }
    // Where clients are not asked, nobody reads whom to believe.
    const trust = tls?.clientAuth?.mode === 'none' ? undefined : tls?.clientAuth?.trustStore
    for (const path of [...(trust?.caPaths ?? []), ...(trust?.crls ?? [])]) read(path)
    if (trust?.caDir !== undefined) {
      const { caDir } = trust
      reading.push(files.list(caDir, '').then((paths) => paths.forEach(read)))
    }
  }
  for (const { spec } of graph.fetches) {
    const tls: UpstreamTls | undefined = 'tls' in spec ? spec.tls : undefined
    for (const path of [tls?.caFile, tls?.clientCert?.certFile, tls?.clientCert?.keyFile, ...(tls?.crls ?? [])])
      read(path)
  }
  await settleAll(reading)
  return files.digest()
}

/** Waits for all of a list that may grow in the meantime, whatever becomes of them. */
async function settleAll(list: readonly Promise<unknown>[]): Promise<void> {
  for (let settled = 0; settled < list.length;) {
    const { length } = list
    await Promise.allSettled(list.slice(settled))
    settled = length
  }
}
