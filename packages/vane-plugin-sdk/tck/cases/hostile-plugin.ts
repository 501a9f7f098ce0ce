import { assertTrap, bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import type { PluginSetup, TrapCause } from '../host/host.ts'
import type { Handler, WatPluginSpec } from '../plugin/spec.ts'

/** A plugin that misbehaves at `/bad` and answers `fine` everywhere else. */
export function hostilePlugin(bad: Handler, rest: Partial<WatPluginSpec> = {}): WatPluginSpec {
  return {
    metadata: { name: 'hostile', exports: [{ name: 'x', kind: 'l7-request' }] },
    handlers: {
      'l7-request': { match: { echo: 'uri' }, cases: { '/bad': bad }, otherwise: { answer: 'short', body: 'fine' } },
    },
    ...rest,
  }
}

/** Instructions before an answer that is never given. */
export function doing(code: string): Handler {
  return [{ do: 'wat', code }, { answer: 'continue' }]
}

/** What a case about a call that ends as a trap consists of. */
export interface TrapCase {
  readonly name: string
  readonly proves: string
  readonly bad: Handler
  readonly rest?: Partial<WatPluginSpec>
  readonly setup?: PluginSetup
  readonly causes: readonly TrapCause[]
}

/** The call is a trap, each time; and the plugin serves whoever comes next, each time. */
export function trapCase({ name, proves, bad, rest = {}, setup = {}, causes }: TrapCase): TckCase {
  return {
    name,
    proves,
    run: async (trial) => {
      const site = await trial.site(hostilePlugin(bad, rest), setup)
      for (let round = 0; round < 3; round++) {
        assertTrap(await site.request('/bad'), ...causes)
        const next = bodyOf(await site.request('/'))
        if (next !== 'fine') throw new Error(`after the trap the plugin answered ${next}`)
      }
    },
  }
}
