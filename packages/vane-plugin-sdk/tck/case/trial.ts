import assert from 'node:assert/strict'

import type { L7RequestInput, MiddlewareKind } from 'vane-plugin-sdk'

import type { Host, Inputs, Loaded, Outcome, PluginSetup } from '../host/host.ts'
import { toComponent, type PluginSource } from '../plugin/plugin-source.ts'

/** CPU time of a call in milliseconds, unless the setup says otherwise. */
const DEFAULT_CPU_MS = 10
/** What a call may take beyond its limit: compiling what it runs for the first time, collecting garbage. */
const CALL_SLACK_MS = 250
/** What loading may take of the thread that answers calls; a start function and `get-metadata` have a second each. */
const LOAD_CPU_MS = 4000

/** A request that nothing is special about. */
export const REQUEST: L7RequestInput = { method: 'GET', uri: '/', headers: [], context: [] }

/** Calls one export, and sees to it that no call takes more CPU time than it may. */
export interface TrialSite {
  readonly plugin: Loaded
  call<K extends MiddlewareKind>(kind: K, input: Inputs[K], signal?: AbortSignal): Promise<Outcome<K>>
  /** Calls an `l7-request` export with {@link REQUEST} but for the URI. */
  request(uri: string): Promise<Outcome<'l7-request'>>
}

/** What a case works with: the host, and whatever it has loaded so far. */
export class Trial {
  readonly host: Host
  readonly #loaded: Loaded[] = []

  constructor(host: Host) {
    this.host = host
  }

  /** Loads a plugin that must load. */
  async load(source: PluginSource, setup: PluginSetup = {}): Promise<Loaded> {
    const loaded = await this.tryLoad(source, setup)
    assert.equal(loaded.tag, 'loaded', loaded.tag === 'refused' ? `the plugin was refused: ${loaded.reason}` : '')
    return loaded
  }

  /** Loads what need not be a plugin. Either way it has to end. */
  async tryLoad(source: PluginSource, setup: PluginSetup = {}): ReturnType<Host['load']> {
    const component = await toComponent(source)
    const loaded = await this.#within(LOAD_CPU_MS, 'loading', () => this.host.load(component, setup))
    if (loaded.tag === 'loaded') this.#loaded.push(loaded)
    return loaded
  }

  /** Loads what must be refused; answers why it was. */
  async refusalOf(source: PluginSource, setup: PluginSetup = {}): Promise<string> {
    const loaded = await this.tryLoad(source, setup)
    assert.equal(loaded.tag, 'refused', 'the host took a component that it has to refuse')
    const { reason } = loaded
    assert.notEqual(reason.trim(), '', 'the component was refused without a reason')
    return reason
  }

  /** Loads a plugin and opens its first export, or the one of that name. */
  async site(
    source: PluginSource,
    { args = '{}', name, ...setup }: PluginSetup & { readonly args?: string; readonly name?: string } = {},
  ): Promise<TrialSite> {
    const plugin = await this.load(source, setup)
    return await this.open(plugin, { args, setup, ...(name === undefined ? {} : { name }) })
  }

  /** Opens another call site of a plugin that is loaded. */
  async open(
    plugin: Loaded,
    { args = '{}', name = plugin.metadata.exports[0]?.name ?? '', setup = {} }: OpenOptions = {},
  ): Promise<TrialSite> {
    const site = await plugin.open(name, args)
    const limitMs = (setup.limits?.cpuMsPerCall ?? DEFAULT_CPU_MS) + CALL_SLACK_MS
    const call: TrialSite['call'] = (kind, input, signal) =>
      this.#within(limitMs, 'a call', () => site.call(kind, input, signal))
    return { plugin, call, request: (uri) => call('l7-request', { ...REQUEST, uri }) }
  }

  /** Ends whatever the case has loaded. */
  async close(): Promise<void> {
    for (const plugin of this.#loaded.splice(0)) await plugin.close()
  }

  async #within<T>(limitMs: number, what: string, work: () => Promise<T>): Promise<T> {
    const beginMs = this.host.cpuTimeMs()
    const result = await work()
    const spentMs = this.host.cpuTimeMs() - beginMs
    assert.ok(spentMs <= limitMs, `${what} took ${spentMs.toFixed(1)} ms of CPU time, more than ${limitMs} ms`)
    return result
  }
}

/** Which export is called, and how. */
export interface OpenOptions {
  readonly args?: string
  readonly name?: string
  /** The one it was loaded with. */
  readonly setup?: PluginSetup
}
