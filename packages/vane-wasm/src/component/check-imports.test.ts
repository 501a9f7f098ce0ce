import { expect, test } from 'vitest'

import { checkImports } from './check-imports.ts'
import type { ComponentImport } from './component-shape.ts'

function instance(name: string, ...functions: string[]): ComponentImport {
  return { name, sort: 'instance', functions, isResource: false }
}

test('what a plugin may import', () => {
  expect(
    checkImports([
      instance('vane:host/host@0.1.3', 'get-args', 'http-fetch'),
      instance('vane:plugin/types@0.1.0'),
      instance('wasi:io/streams@0.2.9', '[method]output-stream.write'),
      { name: 'metadata', sort: 'type', functions: [], isResource: false },
    ]),
  ).toEqual({ wasi: ['wasi:io/streams'], httpFetchFrom: ['vane:host/host@0.1.3'] })
})

test.each<[ComponentImport, string]>([
  [instance('vane:host/host'), 'this host provides vane:host/host@0.1.x'],
  [instance('vane:host/host@0.1.0', 'exec'), 'imports "exec" from vane:host/host'],
  [instance('vane:plugin/types@0.1.0', 'f'), 'imports functions from vane:plugin/types'],
  [instance('vane:plugin/registry@0.1.0', 'get-metadata'), 'a plugin may import nothing but'],
  [instance('wasi:sockets/tls@0.2.0'), 'a plugin may import nothing but'],
  [instance('wasi:cli/run@0.2.0'), 'a plugin may import nothing but'],
  [instance('wasi:http/incoming-handler@0.2.0'), 'a plugin may import nothing but'],
  [instance('not an interface'), 'a plugin may import nothing but'],
  [{ name: 'res', sort: 'type', functions: [], isResource: true }, 'imports the type "res"'],
  [{ name: 'f', sort: 'function', functions: [], isResource: false }, 'imports the function "f"'],
  [{ name: 'c', sort: 'component', functions: [], isResource: false }, 'imports the component "c"'],
])('%o is refused', (entry, reason) => {
  expect(checkImports([entry])).toContain(reason)
})
