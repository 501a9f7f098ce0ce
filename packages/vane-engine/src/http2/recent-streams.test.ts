import { expect, test } from 'vitest'
import { RecentStreams } from './recent-streams.ts'

test('how the last streams were closed is known, and no more than that', () => {
  const recent = new RecentStreams()
  for (let id = 1; id < 2 * 256; id += 2) recent.add(id, id % 4 === 1)
  expect([1, 3, 5, 509, 511, 513].map((id) => recent.isClosedByPeer(id))).toEqual([
    true,
    false,
    true,
    true,
    false,
    undefined,
  ])
  recent.add(513, true)
  expect([1, 3, 513].map((id) => recent.isClosedByPeer(id))).toEqual([undefined, false, true])
})
