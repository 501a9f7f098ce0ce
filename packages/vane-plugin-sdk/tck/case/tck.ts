import assert from 'node:assert/strict'

import type { CallSite, Host, Loaded } from '../host/host.ts'
import { toComponent } from '../plugin/plugin-source.ts'
import type { WatPluginSpec } from '../plugin/spec.ts'
import { bodyOf } from './outcomes.ts'
import type { TckCase } from './tck-case.ts'
import { REQUEST, Trial } from './trial.ts'

const BYSTANDER: WatPluginSpec = {
  metadata: { name: 'bystander', exports: [{ name: 'answer', kind: 'l7-request' }] },
  handlers: { 'l7-request': [{ do: 'count' }, { answer: 'short', body: [{ echo: 'counter' }, ' ', { echo: 'uri' }] }] },
}
const BYSTANDER_CALLS = 10
/** Ten calls take well under a millisecond; the rest is for a collector that has much to clear away after a case. */
const BYSTANDER_CPU_MS = 200

/** Runs cases against one host, and asks after each whether somebody else's plugin is still served. */
export interface Tck {
  /** @throws whatever the case found, or that the other plugin was harmed by it. */
  run(tckCase: TckCase): Promise<void>
  close(): Promise<void>
}

/** Makes a host ready for cases: loads the plugin that no case may harm. The caller closes it. */
export async function openTck(host: Host): Promise<Tck> {
  const loaded = await host.load(await toComponent(BYSTANDER), {})
  if (loaded.tag === 'refused') throw new Error(`the host refuses an ordinary plugin: ${loaded.reason}`)
  const site = await loaded.open('answer', '{}')
  await assertUnharmed(host, site, 'before the first case')
  return new HostTck(host, { loaded, site })
}

class HostTck implements Tck {
  readonly #host: Host
  readonly #bystander: { readonly loaded: Loaded; readonly site: CallSite }

  constructor(host: Host, bystander: { readonly loaded: Loaded; readonly site: CallSite }) {
    this.#host = host
    this.#bystander = bystander
  }

  async run({ name, run }: TckCase): Promise<void> {
    const trial = new Trial(this.#host)
    try {
      await run(trial)
      // While the case's plugins are still there, and once more when they are gone.
      await assertUnharmed(this.#host, this.#bystander.site, `during ${name}`)
    } finally {
      await trial.close()
    }
    await assertUnharmed(this.#host, this.#bystander.site, `after ${name}`)
  }

  async close(): Promise<void> {
    await this.#bystander.loaded.close()
  }
}

async function assertUnharmed(host: Host, site: CallSite, when: string): Promise<void> {
  const beginMs = host.cpuTimeMs()
  for (let n = 0; n < BYSTANDER_CALLS; n++) {
    const outcome = await site.call('l7-request', { ...REQUEST, uri: `/${n}` })
    assert.equal(bodyOf(outcome), `1 /${n}`, `another plugin was not served ${when}`)
  }
  const spentMs = host.cpuTimeMs() - beginMs
  assert.ok(
    spentMs <= BYSTANDER_CPU_MS,
    `${when}, ${BYSTANDER_CALLS} calls of another plugin took ${spentMs.toFixed(1)} ms of CPU time`,
  )
}
