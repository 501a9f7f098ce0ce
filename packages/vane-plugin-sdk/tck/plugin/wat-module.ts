import { nestPackage, witSource } from 'vane-plugin-sdk/build'

import { DataSegment } from './data-segment.ts'
import { reportsWat } from './echo-code.ts'
import { handlerWat, misbehaviourCode } from './handler-code.ts'
import { HostImports } from './host-imports.ts'
import { placeMetadata } from './metadata-data.ts'
import { runtimeWat } from './runtime-wat.ts'
import type { FixtureKind, Misbehaviour, WatPluginSpec } from './spec.ts'

/** A core module's text, and the world it implements. */
export interface ModuleText {
  wat: string
  /** A document that defines `world`. */
  wit: string
  world: string
}

/** The text of the described plugin's core module, and the world it is for. For tests that want to change it. */
export function watModule(spec: WatPluginSpec): ModuleText {
  const data = new DataSegment()
  const host = new HostImports()
  const metadataAt = placeMetadata(data, spec.metadata)
  const kinds = Object.keys(spec.handlers) as FixtureKind[]
  const handlers = kinds.map((kind) => handlerWat(spec.handlers[kind] ?? { answer: 'trap' }, { data, host, kind }))
  const reports = reportsWat(data)
  const pages = spec.memory?.pages ?? Math.ceil((data.end + 1024) / 65536)
  const getMetadata = spec.getMetadata === undefined ? `(i32.const ${metadataAt})` : misbehaviourCode(spec.getMetadata)
  const start =
    spec.start === undefined ? '' : `(func $fixture_start ${misbehaviourCode(spec.start)}) (start $fixture_start)`
  const wat = `(module
  ${host.toWat(spec.imports ?? [])}
  (memory (export "memory") ${pages} ${spec.memory?.maximumPages ?? ''})
  ${data.toWat()}
  ${runtimeWat(data.end, { realloc: optionalCode(spec.realloc), postReturn: optionalCode(spec.postReturn) })}
  ${reports}
  (func (export "vane:plugin/registry@0.1.0#get-metadata") (result i32) ${getMetadata})
  ${handlers.join('\n')}
  ${start}
  ${spec.fields ?? ''})`
  return { wat, wit: worldWit(kinds, host.any, spec.imports ?? []), world: 'fixture' }
}

function optionalCode(code: Misbehaviour | undefined): string {
  return code === undefined ? '' : misbehaviourCode(code)
}

function worldWit(kinds: readonly FixtureKind[], importsHost: boolean, imports: readonly string[]): string {
  const items = [
    ...(importsHost ? ['import vane:host/host@0.1.0;'] : []),
    ...imports.map((name) => `import ${name};`),
    'export vane:plugin/registry@0.1.0;',
    ...kinds.map((kind) => `export vane:plugin/handler-${kind}@0.1.0;`),
  ]
  const world = `package fixture:plugin;\nworld fixture {\n  ${items.join('\n  ')}\n}\n`
  return [world, ...sdkPackages(), ...imports.map(pokeInterface)].join('\n')
}

/** The SDK's document has one package nested in the other; here both are nested in the fixture's. */
function sdkPackages(): string[] {
  const source = witSource()
  const nestedAt = source.indexOf('package vane:host@')
  return [nestPackage(source.slice(0, nestedAt)), source.slice(nestedAt)]
}

function pokeInterface(name: string): string {
  const parts = /^([^/]+)\/([^@]+)(@.+)?$/.exec(name)
  if (parts === null) throw new Error(`an import is written namespace:package/interface@version, not "${name}"`)
  const [, packageName, interfaceName, version = ''] = parts
  return `package ${packageName}${version} {\n  interface ${interfaceName} {\n    poke: func();\n  }\n}\n`
}
