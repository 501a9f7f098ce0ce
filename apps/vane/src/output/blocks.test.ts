import { describe, expect, it } from 'vitest'
import { renderBlocks, type Block } from './blocks.ts'

const TABLE: Block = {
  kind: 'table',
  empty: 'nothing',
  columns: ['NAME', 'USED', 'STATE'],
  rows: [
    ['a', 5, { text: 'good', tone: 'good' }],
    ['longer', 1234, { text: 'bad', tone: 'bad' }],
  ],
}

describe('renderBlocks', () => {
  it('aligns columns, numbers to the right, without trailing spaces', () => {
    expect(renderBlocks([TABLE], { align: true, color: false })).toBe(
      ['NAME    USED  STATE', 'a          5  good', 'longer  1234  bad', ''].join('\n'),
    )
  })

  it('puts one tab between values where nobody looks', () => {
    expect(renderBlocks([TABLE], { align: false, color: false })).toBe(
      'NAME\tUSED\tSTATE\na\t5\tgood\nlonger\t1234\tbad\n',
    )
  })

  it('colours what has a tone, and nothing else moves', () => {
    const coloured = renderBlocks([TABLE], { align: true, color: true })
    expect(coloured).toContain('\u001b[32mgood\u001b[39m')
    expect(coloured).toContain('\u001b[31mbad\u001b[39m')
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(renderBlocks([TABLE], { align: true, color: false }))
  })

  it('says so where a table has no rows, and parts blocks by a blank line', () => {
    const blocks: Block[] = [
      { kind: 'text', text: 'first' },
      { kind: 'table', empty: 'nothing', columns: ['A'], rows: [] },
      { kind: 'fields', fields: [['label', 7]] },
    ]
    expect(renderBlocks(blocks, { align: true, color: true })).toBe('first\n\nnothing\n\nlabel  7\n')
  })

  it('lets no value move the cursor or break a row', () => {
    const evil = 'a\u001b[2Jb\u0007c\nd\te\u009b'
    const text = renderBlocks([{ kind: 'fields', fields: [['x', evil]] }], { align: false, color: false })
    expect(text).toBe('x\tab\u{fffd}c d\u{fffd}e\u{fffd}\n')
  })
})
