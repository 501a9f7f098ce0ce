import { expect, test } from 'vitest'
import type { ResolvedAddress } from './name-source.ts'
import { orderAddresses } from './order-addresses.ts'

const to = (text: string): ResolvedAddress[] =>
  text.split(' ').map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
const order = (text: string, turn: number, failed: string[] = []): string =>
  orderAddresses(to(text), turn, (address) => failed.includes(address))
    .map(({ address }) => address)
    .join(' ')

test.each<[string, string, number, string[], string]>([
  ['one address is itself', '1', 7, ['1'], '1'],
  ['each turn begins with another', '1 2 3', 1, [], '2 3 1'],
  ['and comes round', '1 2 3', 3, [], '1 2 3'],
  ['the family that stands first stays first', ':1 :2 1 2 3', 1, [], ':2 :1 2 3 1'],
  ['whichever it is', '1 2 :1 :2', 1, [], '2 1 :2 :1'],
  ['what has failed comes last', '1 2 3', 0, ['1'], '2 3 1'],
  ['in a family as well', ':1 :2 1', 0, [':1', ':2'], '1 :1 :2'],
  ['where all have failed they are as good as each other', '1 2', 1, ['1', '2'], '2 1'],
])('%s', (_what, addresses, turn, failed, expected) => {
  expect(order(addresses, turn, failed)).toBe(expected)
})
