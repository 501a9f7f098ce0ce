import type { ProxyCase } from '../case/proxy-case.ts'
import type { ProxySetup, Served } from '../host/proxy.ts'
import { toComponent } from '../plugin/plugin-source.ts'
import type { FixtureExport, Handler, WatPluginSpec } from '../plugin/spec.ts'

/** The upstream's answer, unless a case says otherwise. */
const UPSTREAM = 'HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\nupstream'
/** A request that nothing is special about. */
export const GET = 'GET /p?q=1 HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n'

/** A plugin with one export, `x` of kind `l7-request`. */
export function request(handler: Handler, entry: Partial<FixtureExport> = {}): WatPluginSpec {
  return {
    metadata: { exports: [{ name: 'x', kind: 'l7-request', ...entry }] },
    handlers: { 'l7-request': handler },
  }
}

/** A plugin with one export, `x` of kind `l7-response`. */
export function response(handler: Handler, entry: Partial<FixtureExport> = {}): WatPluginSpec {
  return {
    metadata: { exports: [{ name: 'x', kind: 'l7-response', ...entry }] },
    handlers: { 'l7-response': handler },
  }
}

/** A case in which one plugin serves. */
export interface Way {
  readonly name: string
  readonly proves: string
  readonly plugin: WatPluginSpec
  readonly setup?: Partial<ProxySetup>
  readonly check: (served: Served) => Promise<void>
}

/** Serves, checks, and ends it. */
export function proxyCase({ name, proves, plugin, setup = {}, check }: Way): ProxyCase {
  return {
    name: `proxy/${name}`,
    proves,
    run: async (proxy) => {
      const served = await proxy.serve(await toComponent(plugin), { chain: ['x'], upstream: UPSTREAM, ...setup })
      try {
        await check(served)
      } finally {
        await served.close()
      }
    },
  }
}

/** Status line and headers of a response. */
export function headOf(text: string): string {
  return text.slice(0, text.indexOf('\r\n\r\n'))
}

/** What follows them. */
export function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}
