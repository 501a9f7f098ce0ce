import type { FetchAnswered, FetchAsked, PluginSetup } from '../host/host.ts'
import type { Step, WatPluginSpec } from '../plugin/spec.ts'
import { oneExport } from './one-export.ts'

/** The step that fetches. */
export type FetchStep = Extract<Step, { do: 'http-fetch' }>

/** A plugin that fetches, and answers what has come of it. */
export function fetching(step: Partial<FetchStep>): WatPluginSpec {
  return oneExport([
    { do: 'http-fetch', url: 'https://api.test/a', ...step },
    { answer: 'short', body: { echo: 'fetch' } },
  ])
}

/** What is answered unless a case says otherwise. */
export const OK: FetchAnswered = { tag: 'ok', val: { status: 200, headers: [], body: new TextEncoder().encode('yes') } }

/** A network that answers one thing and remembers what it was asked. */
export function network(answered: FetchAnswered = OK): {
  readonly asked: FetchAsked[]
  readonly fetch: NonNullable<PluginSetup['fetch']>
} {
  const asked: FetchAsked[] = []
  return {
    asked,
    fetch: (fetch) => {
      asked.push(fetch)
      return Promise.resolve(answered)
    },
  }
}
