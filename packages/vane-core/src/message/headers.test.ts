import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeaderList } from './headers.ts'

test('finds by lower-case name and keeps order, repeats and spelling', () => {
  const list = new HeaderList(['Host', 'a', 'Set-Cookie', '1', 'set-cookie', '2'])
  expect(list.getAll('set-cookie')).toEqual(['1', '2'])
  list.append('X-New', '3')
  list.delete('host')
  expect(list.rawPairs()).toEqual(['Set-Cookie', '1', 'set-cookie', '2', 'X-New', '3'])
  expect(list.get('x-new')).toBe('3')
})

test('an empty list finds nothing and takes fields', () => {
  const list = new HeaderList()
  expect([list.size, list.get('a'), list.getAll('a'), list.has('a')]).toEqual([0, undefined, [], false])
  list.delete('a')
  list.set('A', '1')
  expect(list.rawPairs()).toEqual(['A', '1'])
})

test('an absent field and one with an empty value differ', () => {
  const list = new HeaderList(['X-Empty', ''])
  expect([list.get('x-empty'), list.has('x-empty')]).toEqual(['', true])
  expect([list.get('x-other'), list.has('x-other')]).toEqual([undefined, false])
})

test('names that objects have of their own are names like others', () => {
  const list = new HeaderList(['__proto__', '1', 'constructor', '2'])
  expect([list.get('__proto__'), list.get('constructor'), list.get('tostring')]).toEqual(['1', '2', undefined])
})

test('a clone goes its own way', () => {
  const list = new HeaderList(['A', '1'])
  const clone = list.clone()
  clone.append('B', '2')
  list.delete('a')
  expect(clone.rawPairs()).toEqual(['A', '1', 'B', '2'])
  expect(list.size).toBe(0)
})

test('filter and forEach are shown lower-case names in wire order', () => {
  const list = HeaderList.from([
    ['Keep', '1'],
    ['DROP', '2'],
    ['keep', '3'],
  ])
  const seen: string[][] = []
  list.forEach((lower, value, wire) => seen.push([lower, value, wire]))
  expect(seen).toEqual([
    ['keep', '1', 'Keep'],
    ['drop', '2', 'DROP'],
    ['keep', '3', 'keep'],
  ])
  list.filter((lower) => lower !== 'drop')
  expect(list.rawPairs()).toEqual(['Keep', '1', 'keep', '3'])
})

test('answers as a plain list of entries would, after any sequence of changes', () => {
  const name = fc.constantFrom('a', 'A', 'b', 'B', 'X-Y', 'x-y')
  const change = fc.record({ call: fc.constantFrom('append', 'set', 'delete', 'filter'), name, value: fc.string() })
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string())), fc.array(change), (start, changes) => {
      const list = HeaderList.from(start)
      let model: [name: string, value: string][] = start.slice()
      for (const { call, name: wireName, value } of changes) {
        const lower = wireName.toLowerCase()
        if (call === 'append') {
          list.append(wireName, value)
          model.push([wireName, value])
        } else if (call === 'filter') {
          list.filter((candidate, held) => candidate !== lower || held === value)
          model = model.filter(([held, text]) => held.toLowerCase() !== lower || text === value)
        } else {
          if (call === 'set') list.set(lower, value)
          else list.delete(lower)
          model = model.filter(([held]) => held.toLowerCase() !== lower)
          if (call === 'set') model.push([lower, value])
        }
        const all = model.filter(([held]) => held.toLowerCase() === lower).map(([, text]) => text)
        expect(list.rawPairs()).toEqual(model.flat())
        expect(list.size).toBe(model.length)
        expect(list.getAll(lower)).toEqual(all)
        expect(list.get(lower)).toBe(all[0])
        expect(list.has(lower)).toBe(all.length > 0)
      }
    }),
  )
})

test('what a decoder has checked is not looked at again, and whatever else is in the list is', () => {
  const isOmitted = (): boolean => false
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom<string[]>('a', 'b', 'c', 'd')), fc.boolean(), (dropped, byFilter) => {
      const list = HeaderList.fromChecked(['a', '1', 'b', '2', 'c', '3', 'd', '4'])
      list.append('e', '5')
      if (byFilter) list.filter((name) => !dropped.includes(name))
      else dropped.forEach((name) => list.delete(name))
      const lines = ['a: 1', 'b: 2', 'c: 3', 'd: 4', 'e: 5'].filter((line) => !dropped.includes(line[0]!))
      expect(list.toWire(isOmitted)).toBe(lines.map((line) => `${line}\r\n`).join(''))
      list.append('f', 'x\r\ny: z')
      for (const one of [list, list.clone()]) expect(() => one.toWire(isOmitted)).toThrow(/header f has a value/)
      list.set('f', '6')
      list.append('not a token', '7')
      expect(() => list.toWire(isOmitted)).toThrow(/no token/)
    }),
  )
})
