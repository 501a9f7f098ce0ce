import { componentEmbed, componentNew, componentWitMetadataForWorld } from '@bytecodealliance/jco-transpile/wasm-tools'
import { expect, test } from 'vitest'

import { hostFunctions, pluginWitSource, witSource, worlds } from '../src/build/index.ts'
import { toKebabCase } from '../src/build/host-functions.ts'
import { readWit, worldKinds } from '../src/build/wit-source.ts'

test.each(worlds)('the world %s parses, makes a component and exports its interfaces', async (world) => {
  const metadata = await componentWitMetadataForWorld({ tag: 'source', val: witSource() }, world)
  const expected = ['registry', ...worldKinds[world].map((kind) => `handler-${kind}`)]
  expect(metadata.exports.map((item) => item.interface)).toEqual(expected)
  expect(metadata.imports.map((item) => `${item.namespace}:${item.package}/${item.interface}`)).toEqual([
    'vane:host/host',
    'vane:plugin/types',
  ])
  const core = await componentEmbed({ witSource: witSource(), world, dummy: true })
  expect((await componentNew(core, [])).length).toBeGreaterThan(1000)
})

test('worlds lists every world of plugin.wit', () => {
  const names = Array.from(readWit('plugin.wit').matchAll(/^world ([\w-]+) \{/gm), (match) => match[1])
  expect(worlds.toSorted()).toEqual(names.toSorted())
})

test('hostFunctions lists every function of host.wit, in order', () => {
  const names = Array.from(readWit('deps/host.wit').matchAll(/^ {2}([\w-]+): func/gm), (match) => match[1])
  expect(hostFunctions.map(toKebabCase)).toEqual(names)
})

test.each([[[]], [['getArgs']], [['httpFetch', 'log']]] as const)(
  'a document narrowed to %o parses',
  async (functions) => {
    const source = pluginWitSource(['handler-l4-peek'], functions)
    const metadata = await componentWitMetadataForWorld({ tag: 'source', val: source }, 'build')
    const imports = metadata.imports.map((item) => item.interface)
    expect(imports).toEqual(functions.length === 0 ? ['types'] : ['host', 'types'])
  },
)
