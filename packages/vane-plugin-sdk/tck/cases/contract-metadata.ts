import assert from 'node:assert/strict'

import type { MiddlewareKind } from 'vane-plugin-sdk'

import { bodyOf } from '../case/outcomes.ts'
import type { TckCase } from '../case/tck-case.ts'
import { REQUEST } from '../case/trial.ts'
import type { FixtureExport, WatPluginSpec } from '../plugin/spec.ts'
import { watModule } from '../plugin/wat-module.ts'
import { CONTEXT_PATHS, type ContextPath } from './context-paths.ts'
import { AMPLE, KINDS, reported, REPORTER, VALUES } from './reporter.ts'

/** What plugins say of themselves. */
export const METADATA_CASES: readonly TckCase[] = [
  {
    name: 'contract/metadata',
    proves: 'the host learns every field of the metadata as the plugin has it',
    run: async (trial) => {
      const exports: FixtureExport[] = [
        {
          name: 'one',
          kind: 'l7-request',
          stateless: false,
          needsBody: true,
          inspects: ['conn.id', 'http.header.x-a'],
        },
        { name: 'two ä', kind: 'l7-response' },
        { name: 'three', kind: 'l4-peek', inspects: ['conn.peer_ip'] },
        { name: 'four', kind: 'l4-bytes', stateless: false },
      ]
      const handlers = Object.fromEntries(KINDS.map((kind) => [kind, { answer: 'continue' }]))
      const loaded = await trial.load({ metadata: { name: 'näme', version: '2.3.4-beta+5', exports }, handlers })
      assert.deepEqual(loaded.metadata, {
        name: 'näme',
        version: '2.3.4-beta+5',
        abiVersion: '0.1.0',
        exports: exports.map(({ name, kind, stateless = true, needsBody = false, inspects = [] }) => ({
          name,
          kind,
          stateless,
          needsBody,
          inspects,
          needsStreamingBody: false,
        })),
      })
    },
  },
  {
    name: 'contract/abi-version-patch',
    proves: 'another patch version of the contract is accepted',
    run: async (trial) => {
      const loaded = await trial.load({
        metadata: { abiVersion: '0.1.99', exports: [{ name: 'x', kind: 'l7-request' }] },
        handlers: { 'l7-request': { answer: 'continue' } },
      })
      assert.equal(loaded.metadata.abiVersion, '0.1.99')
    },
  },
  ...CONTEXT_PATHS.map(inspectsCase),
  ...manglingCases(),
]

/** Each kind may inspect the path if it exists for it, and is refused otherwise; the value gets there with its type. */
function inspectsCase({ path, type, kinds }: ContextPath): TckCase {
  const name = path.replace('<name>', 'x-tck')
  return {
    name: `contract/inspects-${path.replace('<name>', 'name').replaceAll(/[._]/g, '-')}`,
    proves: `${path} may be inspected by ${kinds.join(', ')}${kinds.length < KINDS.length ? ' and by no others' : ''}`,
    run: async (trial) => {
      const entry = (kind: MiddlewareKind): FixtureExport => ({ name: `the-${kind}`, kind, inspects: [name] })
      const loaded = await trial.load({ ...REPORTER, metadata: { exports: kinds.map(entry) } })
      assert.deepEqual(
        loaded.metadata.exports.map(({ inspects }) => inspects),
        kinds.map(() => [name]),
      )
      const found = VALUES.find(([value]) => value.tag === type)
      assert.ok(found !== undefined)
      const { call } = await trial.open(loaded, { name: 'the-l7-request', setup: AMPLE })
      const context = [{ path: name, value: found[0] }]
      const answer = reported(await call('l7-request', { ...REQUEST, context }))
      assert.ok(answer.endsWith(`context=${name}=${found[1]}\n|`), answer)
      for (const kind of KINDS.filter((candidate) => !kinds.includes(candidate))) {
        await trial.refusalOf({ ...REPORTER, metadata: { exports: [entry(kind)] } })
      }
    },
  }
}

/** The same plugin by both conventions of naming a core module's imports and exports. */
function manglingCases(): TckCase[] {
  return (['current', 'cm32p2'] as const).map((mangling) => ({
    name: `contract/mangling-${mangling}`,
    proves: `a component whose core module was named by the ${mangling} convention is a plugin like any other`,
    run: async (trial) => {
      const spec: WatPluginSpec = {
        metadata: { name: 'mangled', exports: [{ name: 'x', kind: 'l7-request' }] },
        handlers: {
          'l7-request': [
            { do: 'log', message: 'hello' },
            { answer: 'short', body: { echo: 'args' } },
          ],
        },
      }
      const module = watModule(spec)
      const wat = mangling === 'current' ? module.wat : toCm32p2(module.wat)
      const { request, plugin } = await trial.site({ ...module, wat }, { args: '{"a":"ä"}' })
      assert.equal(plugin.metadata.name, 'mangled')
      for (let n = 0; n < 3; n++) assert.equal(bodyOf(await request('/')), '{"a":"ä"}')
      assert.equal(plugin.logs[0]?.message, 'hello')
    },
  }))
}

/** Renames a module's imports and exports to the convention whose names begin with `cm32p2`. */
function toCm32p2(wat: string): string {
  const handler = /"(cabi_post_)?(vane:plugin\/[a-z0-9-]+)@0\.1\.0#([a-z-]+)"/g
  return wat
    .replaceAll(
      handler,
      (_, post: string | undefined, name: string, func: string) =>
        `"cm32p2|${name}@0.1|${func}${post === undefined ? '' : '_post'}"`,
    )
    .replaceAll('(import "vane:host/host@0.1.0"', '(import "cm32p2|vane:host/host@0.1"')
    .replace('(memory (export "memory")', '(memory (export "cm32p2_memory")')
    .replace('(export "cabi_realloc")', '(export "cm32p2_realloc")')
}
