import { expect, test } from 'vitest'

import { assertEngine } from './check-engine.ts'

test('an engine without modules of several memories is told apart', () => {
  expect(() => assertEngine()).not.toThrow()
  expect(() => assertEngine((bytes) => !WebAssembly.validate(bytes))).toThrow(
    `vane-wasm needs Node.js 24 or newer, and this is ${process.versions.node}`,
  )
})
