import { expect, test } from 'vitest'

import { compileGlue, rewriteGlue } from './glue.ts'

const GLUE = `"use components";
export function instantiate(getCoreModule, imports, instantiateCore) {
  const HANDLE_TABLES= [];
  const _debugLog = (...args) => {
    if (!globalThis?.process?.env?.JCO_DEBUG) { return; }
    console.debug(...args);
  };
  if (imports) _debugLog('x', imports.touched());
  console.error('never seen');
  return { HANDLE_TABLES };
}

export const _util = {

}
`

test('debug output is not even computed, and handle tables come from outside', () => {
  const script = rewriteGlue(GLUE)
  const instantiate = compileGlue(script ?? '', 'test')
  const handleTables: never[] = []
  let touched = false
  const imports = { touched: () => (touched = true) }
  const core = Object.assign(() => ({ exports: {} }), { handleTables })
  expect(instantiate(() => ({}), imports, core)).toEqual({ HANDLE_TABLES: handleTables })
  expect(touched).toBe(false)
})

test.each([
  ['', 'nothing'],
  [GLUE.replace('export function instantiate', 'export async function run'), 'no instantiate'],
  [`import fs from 'node:fs'\n${GLUE}`, 'an import'],
  [`${GLUE}\nexport const more = 1`, 'another export'],
  [GLUE.replace('const HANDLE_TABLES= [];', 'const HANDLE_TABLES = new Map();'), 'handle tables of another kind'],
])('what is not laid out as expected is refused: %#', (source) => {
  expect(rewriteGlue(source)).toBeUndefined()
})
