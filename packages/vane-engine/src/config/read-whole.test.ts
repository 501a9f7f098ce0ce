import { expect, test } from 'vitest'
import { readWhole, type ReadableFile } from './read-whole.ts'

interface State {
  text: string
  time: bigint
  isFile: boolean
}

/** A file that something happens to after so many calls of `read`. */
function fake(happens: (state: State) => void, { after = 0, text = 'hello' } = {}): ReadableFile {
  const state: State = { text, time: 1n, isFile: true }
  let reads = 0
  let position = 0
  return {
    stat: () => {
      const { time, isFile } = state
      return Promise.resolve({
        size: BigInt(Buffer.byteLength(state.text)),
        mtimeNs: time,
        ctimeNs: time,
        isFile: () => isFile,
      })
    },
    read: (buffer, offset, length) => {
      if (reads++ === after) happens(state)
      // Two bytes at a time, as a slow disk may give them.
      const bytesRead = buffer.write(state.text.slice(position, position + Math.min(2, length)), offset)
      position += bytesRead
      return Promise.resolve({ bytesRead })
    },
  }
}

test('a file that nothing happens to is read', async () => {
  expect(
    await readWhole(
      fake(() => undefined),
      5,
    ),
  ).toEqual({ bytes: Buffer.from('hello') })
  expect(
    await readWhole(
      fake(() => undefined, { text: '' }),
      5,
    ),
  ).toEqual({ bytes: Buffer.alloc(0) })
})

test.each<[string, (state: State) => void]>([
  ['grows', (state) => (state.text += '!')],
  ['grows without end', (state) => (state.text += '!'.repeat(1_000_000))],
  ['shrinks', (state) => (state.text = 'hel')],
  ['is emptied', (state) => (state.text = '')],
  ['is written over with as much', (state) => ((state.text = 'HELLO'), (state.time = 2n))],
])('a file that %s is not taken for whole, whenever it happens', async (_name, happens) => {
  for (const after of [0, 1, 2, 3]) {
    expect(await readWhole(fake(happens, { after }), 100)).toEqual({ refused: 'changed' })
  }
})

test('what is no file, or too large, is not read', async () => {
  expect(
    await readWhole(
      fake(() => undefined),
      4,
    ),
  ).toEqual({ refused: 'too-large' })
  const pipe = fake(() => undefined)
  const stat = pipe.stat.bind(pipe)
  pipe.stat = async (options) => ({ ...(await stat(options)), isFile: () => false })
  expect(await readWhole(pipe, 5)).toEqual({ refused: 'no-file' })
})
