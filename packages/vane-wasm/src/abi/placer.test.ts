import { readFile } from 'node:fs/promises'

import { parseWat } from 'vane-plugin-sdk/build'
import { expect, test } from 'vitest'

import { PLACER_MODULE } from './placer.ts'

test('the bytes are those of the text', async () => {
  const assembled = await parseWat(await readFile(new URL('./placer.wat', import.meta.url), 'utf8'))
  expect(Buffer.from(assembled.subarray(0, PLACER_MODULE.length)).toString('base64')).toBe(
    PLACER_MODULE.toString('base64'),
  )
  // What is left are names.
  expect(assembled[PLACER_MODULE.length]).toBe(0)
})
