import { expect, test } from 'vitest'

import { checkImports, type ComponentImport } from './check-imports.ts'

function instance(name: string): ComponentImport {
  return { name, sort: 'instance', isResource: false }
}

test('what a plugin may import', () => {
  const imports = [
    instance('vane:host/host@0.1.3'),
    instance('vane:plugin/types@0.1.0'),
    instance('wasi:io/streams@0.2.9'),
    { name: 'metadata', sort: 'type', isResource: false } as const,
  ]
  expect(checkImports(imports)).toBeUndefined()
})

test.each<[ComponentImport, string]>([
  [instance('vane:host/host'), 'this host provides vane:host/host@0.1.x'],
  [instance('vane:host/host@0.2.0'), 'this host provides vane:host/host@0.1.x'],
  [instance('vane:plugin/types@0.2.0'), 'this host provides vane:plugin/types@0.1.x'],
  [instance('vane:plugin/registry@0.1.0'), 'a plugin may import nothing but'],
  [instance('wasi:sockets/tls@0.2.0'), 'a plugin may import nothing but'],
  [instance('wasi:cli/run@0.2.0'), 'a plugin may import nothing but'],
  [instance('wasi:http/incoming-handler@0.2.0'), 'a plugin may import nothing but'],
  [instance('wasi:cli/exit@0.3.0'), 'this host provides wasi:cli/exit@0.2.x'],
  [instance('not an interface'), 'a plugin may import nothing but'],
  [{ name: 'res', sort: 'type', isResource: true }, 'imports the type "res"'],
  [{ name: 'f', sort: 'func', isResource: false }, 'imports the function "f"'],
  [{ name: 'c', sort: 'component', isResource: false }, 'imports the component "c"'],
  [{ name: 'm', sort: 'core-module', isResource: false }, 'imports the core module "m"'],
])('%o is refused', (entry, reason) => {
  expect(checkImports([entry])).toContain(reason)
})
