import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { readAndDigest } from './read-and-digest.ts'

const content = randomBytes(3 * 524_288 + 7)
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vane-wasm-'))
  await writeFile(join(folder, 'file'), content)
})
afterAll(async () => await rm(folder, { recursive: true }))

test.each([
  ['nothing', 0, 0],
  ['a byte', 0, 1],
  ['one chunk', 0, 524_288],
  ['one chunk and a byte', 0, 524_289],
  ['all of it', 0, content.length],
  ['what is behind a beginning', 64, content.length - 64],
  ['no more than there is', 64, content.length + 1000],
])('%s', async (_, start, length) => {
  await using file = await open(join(folder, 'file'), 'r')
  const { bytes, digest } = await readAndDigest(file, start, length)
  const expected = content.subarray(start, start + length)
  expect(Buffer.compare(bytes, expected)).toBe(0)
  expect(digest).toBe(createHash('sha256').update(expected).digest('hex'))
})
