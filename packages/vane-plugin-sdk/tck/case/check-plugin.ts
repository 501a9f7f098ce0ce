import type { BytesView, ContextEntry, Header, MiddlewareExport } from 'vane-plugin-sdk'

import type { CallSite, Host, Inputs, Outcome, PluginSetup } from '../host/host.ts'

/** Inputs of one sort, for exports of every kind. */
interface Sort {
  readonly what: string
  readonly inputs: Inputs
}

/**
 * Calls every export of a plugin with inputs that are empty, large, and full of what is allowed but rare.
 *
 * @param setup limits and policy that the plugin is to run with. Without a network of its own, each fetch ends as `connection-refused`.
 * @returns what was found, a sentence each: why the plugin is refused, or which export trapped on what.
 */
export async function checkPlugin(host: Host, component: Uint8Array, setup: PluginSetup = {}): Promise<string[]> {
  const fetch = setup.fetch ?? (() => Promise.resolve({ tag: 'err', val: { tag: 'connection-refused' } } as const))
  const loaded = await host.load(component, { ...setup, fetch })
  if (loaded.tag === 'refused') return [`the plugin is refused: ${loaded.reason}`]
  const findings: string[] = []
  try {
    for (const entry of loaded.metadata.exports) {
      const site = await loaded.open(entry.name, '{}')
      for (const { what, inputs } of sortsFor(entry)) {
        const outcome = await callWith(site, entry.kind, inputs)
        if (outcome.tag === 'trap') findings.push(`export ${entry.name} trapped on ${what}: ${outcome.reason}`)
        if (outcome.tag === 'exhausted') findings.push(`export ${entry.name} had no instance for ${what}`)
        // An instance that trapped is replaced off the request's path.
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  } finally {
    await loaded.close()
  }
  return findings
}

function callWith(site: CallSite, kind: MiddlewareExport['kind'], inputs: Inputs): Promise<Outcome> {
  return site.call(kind, inputs[kind])
}

function sortsFor({ inspects, needsBody }: MiddlewareExport): readonly Sort[] {
  const context = (text: string): ContextEntry[] =>
    inspects.map((path) => ({ path, value: { tag: 'text', val: text } as const }))
  const withBody = (body: BytesView): BytesView | undefined => (needsBody ? body : undefined)
  const sort = (what: string, parts: Parts): Sort => ({ what, inputs: toInputs(parts, withBody(parts.body)) })
  return [
    sort('empty input', { text: '', headers: [], body: view(0), context: [] }),
    sort('an ordinary input', {
      text: '/',
      headers: [{ name: 'host', value: 'a.test' }],
      body: view(100),
      context: [],
    }),
    sort('texts beyond ASCII', {
      text: '/ä😀\ufeff\u0000',
      headers: [{ name: 'x', value: 'caf\\x{E9} 😀' }],
      body: view(300),
      context: [],
    }),
    sort('a hundred headers, a long target and a truncated body', {
      text: `/${'a'.repeat(8000)}`,
      headers: Array.from({ length: 100 }, (_, n) => ({ name: `x-${n % 50}`, value: 'v'.repeat(n) })),
      body: { ...view(65_536), truncated: true },
      context: context(''),
    }),
  ]
}

interface Parts {
  readonly text: string
  readonly headers: Header[]
  readonly body: BytesView
  readonly context: ContextEntry[]
}

function toInputs({ text, headers, body, context }: Parts, shown: BytesView | undefined): Inputs {
  return {
    'l4-peek': { peek: body.data.slice(0, 8192), context },
    'l4-bytes': { bytes: body, context },
    'l7-request': { method: 'GET', uri: text, headers, body: shown, context },
    'l7-response': { status: 200, headers, body: shown, context },
  }
}

/** So many bytes, every value among them. */
function view(length: number): BytesView {
  return { data: Uint8Array.from({ length }, (_, n) => n & 0xff), truncated: false }
}
