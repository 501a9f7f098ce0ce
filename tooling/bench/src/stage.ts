import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isOverTls } from './load/load-client.ts'
import { createChildGroup, type Child, type ChildGroup } from './process/child-group.ts'
import { findProgram } from './process/find-program.ts'
import { findFreePort } from './process/free-port.ts'
import { pin, type Core } from './process/launch.ts'
import { waitUntilServing } from './process/wait-until-serving.ts'
import { makeCertificate } from './proxies/make-certificate.ts'
import type { Proxy, ProxySite } from './proxies/proxy.ts'
import { createUpstream, type UpstreamKind } from './upstream/upstream-launch.ts'
import type { Load } from './workload/loads.ts'

/** Told what is going on while it goes on. */
export type Progress = (line: string) => void

/** What it takes to run programs beside each other: a folder, cores, and an end for all of them. */
export interface Stage extends AsyncDisposable {
  readonly folder: string
  readonly group: ChildGroup
  readonly proxyCore: Core
  readonly loadCore: Core
  readonly signal: AbortSignal
  readonly progress: Progress
}

/** An upstream or a proxy that serves. */
export interface Standing {
  readonly name: string
  readonly version: string
  readonly url: string
  readonly port: number
  readonly child: Child
}

/** A proxy's site, but for what is its own. */
export type Site = Omit<ProxySite, 'folder' | 'port'>

/** Opens a stage. Disposing of it ends whatever was started on it and removes its folder. */
export async function openStage(signal: AbortSignal, progress: Progress): Promise<Stage> {
  signal.throwIfAborted()
  const folder = await mkdtemp(join(tmpdir(), 'vane-bench-'))
  // nginx's workers leave root behind, and still have to read the upstream's files.
  await chmod(folder, 0o755)
  const group = createChildGroup()
  const pinned = isPinned()
  return {
    folder,
    group,
    proxyCore: pinned ? 0 : undefined,
    loadCore: pinned ? 1 : undefined,
    signal,
    progress,
    async [Symbol.asyncDispose]() {
      await group.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Whether proxies and load have a core each. */
export function isPinned(): boolean {
  return availableParallelism() >= 2 && findProgram('taskset') !== undefined
}

/** Starts an upstream on the load's core. */
export async function startUpstream(stage: Stage, kind: UpstreamKind): Promise<Standing> {
  const port = await findFreePort()
  const { name, launch } = await createUpstream(kind, stage.folder, port)
  const child = await stage.group.start(pin(launch, stage.loadCore))
  const url = `http://127.0.0.1:${port}`
  await waitUntilServing(child, { url: `${url}/`, version: kind === 'static-h2c' ? '2' : '1.1' }, stage.signal)
  return { name, version: '', url, port, child }
}

/** What a load asks of the site of any proxy. */
export async function prepareSite(
  stage: Stage,
  load: Pick<Load, 'client' | 'upstream' | 'routes'>,
  { upstreamPort, connections }: Pick<ProxySite, 'upstreamPort' | 'connections'>,
): Promise<Site> {
  return {
    upstreamPort,
    upstreamVersion: load.upstream === 'static-h2c' ? '2' : '1.1',
    connections,
    routes: load.routes,
    certificate: isOverTls(load.client) ? await makeCertificate(join(stage.folder, 'certificate')) : undefined,
  }
}

/**
 * Starts a proxy on its core and waits until it answers.
 *
 * @param site all that the stage does not know itself
 */
export async function startProxy(stage: Stage, proxy: Proxy, site: Site): Promise<Standing> {
  const folder = join(stage.folder, proxy.name.replaceAll('/', '-'))
  await mkdir(folder)
  const port = await findFreePort()
  const child = await stage.group.start(pin(await proxy.prepare({ ...site, folder, port }), stage.proxyCore))
  const url = `${site.certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  const [route] = site.routes
  try {
    await waitUntilServing(child, { url: `${url}${route?.path ?? '/'}`, host: route?.host }, stage.signal)
  } catch (error) {
    throw new Error(`${proxy.name} ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  return { name: proxy.name, version: proxy.version(), url, port, child }
}
