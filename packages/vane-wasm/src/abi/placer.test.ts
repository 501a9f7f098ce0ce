import { readFile } from 'node:fs/promises'

import { parseWat } from 'vane-plugin-sdk/build'
import { expect, test } from 'vitest'

import type { FlatValue, Side } from './codec.ts'
import { GuestMemory } from './guest-memory.ts'
import { HandleTable, newHandleBudget } from './handle-table.ts'
import { listCodec, STRING_CODEC } from './list-codecs.ts'
import { noteMap, PLACER_MODULE } from './placer.ts'
import { STAGE } from './stage.ts'

test('the bytes are those of the text', async () => {
  const assembled = await parseWat(await readFile(new URL('./placer.wat', import.meta.url), 'utf8'))
  expect(Buffer.from(assembled.subarray(0, PLACER_MODULE.length)).toString('base64')).toBe(
    PLACER_MODULE.toString('base64'),
  )
  // What is left are names.
  expect(assembled[PLACER_MODULE.length]).toBe(0)
})

test.each<[string, number]>([
  ['one behind the other', 0],
  ['with gaps', 5],
])('strings that are put %s are marked as written, all of them and nothing else', (_, gap) => {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const map = new WebAssembly.Memory({ initial: 1 })
  noteMap(memory, map)
  let next = 1000
  const realloc = (_old: number, _oldSize: number, align: number, size: number): number => {
    const at = Math.ceil(next / align) * align
    next = at + size + gap
    return at
  }
  const guest = new GuestMemory({ encoding: 'utf8', memory, realloc, guard: { mayLeave: true } })
  const side: Side = { guest, stage: STAGE, handles: new HandleTable(newHandleBudget()), owner: 0 }
  const out: FlatValue[] = []
  STAGE.begin()
  listCodec(STRING_CODEC).lower(side, ['x'.repeat(700), 'y', '', 'z'.repeat(2000), 'end'], out)
  guest.place(STAGE, out)
  const marks = new Uint8Array(map.buffer)
  for (let chunk = 0; chunk < 128; chunk++) {
    const isWritten = guest.bytes.subarray(chunk * 512, chunk * 512 + 512).some((byte) => byte !== 0)
    expect(marks[chunk], `chunk ${chunk}`).toBe(isWritten ? 1 : 0)
  }
})
