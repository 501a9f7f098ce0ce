import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseWat } from 'vane-plugin-sdk/build'

import { FREE_LEAF_COST } from '../../src/instrument/costs.ts'
import { instrument, readCoreModules } from '../../src/instrument/instrument.ts'
import { METER_EXPORTS } from '../../src/instrument/meter-names.ts'
import { AMPLE, fuelOf, meterWat } from '../_core.ts'

/** A program whose course depends on the bits of its one parameter. */
type Node =
  | { readonly do: 'work'; readonly count: number }
  | { readonly do: 'call'; readonly leaf: number }
  | { readonly do: 'block'; readonly body: readonly Node[] }
  | { readonly do: 'loop'; readonly times: number; readonly body: readonly Node[] }
  | { readonly do: 'if'; readonly bit: number; readonly one: readonly Node[]; readonly other: readonly Node[] }
  /** Leaves so many of the blocks around it, if the bit is set. */
  | { readonly do: 'leave'; readonly bit: number; readonly blocks: number }
  /** Leaves one of two numbers of blocks, whichever the bit says. */
  | { readonly do: 'choose'; readonly bit: number; readonly blocks: readonly [number, number] }
  | { readonly do: 'return'; readonly bit: number }

const LEAVES = [0, 10, 15, 16, 17, 90, 500]

const bit = fc.nat(7)
const blocks = fc.integer({ min: 1, max: 4 })
const { body } = fc.letrec<{ body: Node[]; node: Node }>((tie) => ({
  body: fc.array(tie('node'), { maxLength: 4 }),
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ do: fc.constant('work' as const), count: fc.oneof(fc.nat(30), fc.nat(900)) }),
    fc.record({ do: fc.constant('call' as const), leaf: fc.nat(LEAVES.length - 1) }),
    fc.record({ do: fc.constant('leave' as const), bit, blocks }),
    fc.record({ do: fc.constant('choose' as const), bit, blocks: fc.tuple(blocks, blocks) }),
    fc.record({ do: fc.constant('return' as const), bit }),
    fc.record({ do: fc.constant('block' as const), body: tie('body') }),
    fc.record({ do: fc.constant('loop' as const), times: fc.integer({ min: 1, max: 4 }), body: tie('body') }),
    fc.record({ do: fc.constant('if' as const), bit, one: tie('body'), other: tie('body') }),
  ),
}))

/** Which labels lead out of a block, innermost first: those of loops lead back. */
type Labels = readonly ('out' | 'back')[]

/** The label that leaves so many blocks, or as many as there are. */
function labelOf(labels: Labels, blockCount: number): number {
  let found = 0
  let left = blockCount
  for (const [label, kind] of labels.entries()) {
    if (kind === 'back') continue
    found = label
    if (--left === 0) break
  }
  return found
}

class Writer {
  loops = 0

  write(nodes: readonly Node[], labels: Labels): string {
    return nodes.map((node) => this.#node(node, labels)).join(' ')
  }

  #node(node: Node, labels: Labels): string {
    switch (node.do) {
      case 'work':
        return '(nop)'.repeat(node.count)
      case 'call':
        return `(call $leaf${node.leaf})`
      case 'block':
        return `(block ${this.write(node.body, ['out', ...labels])})`
      case 'loop': {
        const counter = `$c${this.loops++}`
        const again = `(br_if 0 (local.tee ${counter} (i32.sub (local.get ${counter}) (i32.const 1))))`
        return `(local.set ${counter} (i32.const ${node.times})) (loop ${this.write(node.body, ['back', ...labels])} ${again})`
      }
      case 'if': {
        const inner: Labels = ['out', ...labels]
        return `(if ${test7(node.bit)} (then ${this.write(node.one, inner)}) (else ${this.write(node.other, inner)}))`
      }
      case 'leave':
        return `(br_if ${labelOf(labels, node.blocks)} ${test7(node.bit)})`
      case 'choose':
        return `(br_table ${node.blocks.map((count) => labelOf(labels, count)).join(' ')} ${test7(node.bit)})`
      case 'return':
        return `(if ${test7(node.bit)} (then (return)))`
    }
  }
}

function test7(index: number): string {
  return `(i32.and (i32.shr_u (local.get $p) (i32.const ${index})) (i32.const 1))`
}

/** Runs a program; answers the label that is being left for, `undefined` where it ran to its end. */
class Runner {
  /** Instructions of `work` that ran, and calls by the work behind them. */
  done = 0
  readonly #param: number

  constructor(param: number) {
    this.#param = param
  }

  run(nodes: readonly Node[], labels: Labels): number | undefined {
    for (const node of nodes) {
      const left = this.#node(node, labels)
      if (left !== undefined) return left
    }
    return undefined
  }

  #isSet(index: number): boolean {
    return ((this.#param >>> index) & 1) === 1
  }

  #inside(nodes: readonly Node[], labels: Labels): number | undefined {
    const left = this.run(nodes, ['out', ...labels])
    return left === undefined || left === 0 ? undefined : left - 1
  }

  #node(node: Node, labels: Labels): number | undefined {
    switch (node.do) {
      case 'work':
        this.done += node.count
        return undefined
      case 'call':
        this.done += LEAVES[node.leaf] ?? 0
        return undefined
      case 'block':
        return this.#inside(node.body, labels)
      case 'loop':
        for (let times = 0; times < node.times; times++) {
          const left = this.run(node.body, ['back', ...labels])
          if (left !== undefined) return left - 1
        }
        return undefined
      case 'if':
        return this.#inside(this.#isSet(node.bit) ? node.one : node.other, labels)
      case 'leave':
        return this.#isSet(node.bit) ? labelOf(labels, node.blocks) : undefined
      case 'choose':
        return labelOf(labels, node.blocks[this.#isSet(node.bit) ? 1 : 0])
      case 'return':
        return this.#isSet(node.bit) ? labels.length - 1 : undefined
    }
  }
}

test('whatever path runs through a function is charged for', async () => {
  const leaves = LEAVES.map((count, index) => `(func $leaf${index} ${'(nop)'.repeat(count)})`).join('\n')
  await fc.assert(
    fc.asyncProperty(body, fc.array(fc.nat(255), { minLength: 1, maxLength: 4 }), async (program, params) => {
      const writer = new Writer()
      // The function itself is the outermost block.
      const code = writer.write(program, ['out'])
      const locals = Array.from({ length: writer.loops }, (_, index) => `(local $c${index} i32)`).join(' ')
      const core = await meterWat(`(module ${leaves} (func (export "f") (param $p i32) ${locals} ${code}))`)
      for (const param of params) {
        const runner = new Runner(param)
        runner.run(program, ['out'])
        // A function that does next to nothing is paid for by its caller, which here is the host.
        expect(fuelOf(core, 'f', [param])).toBeGreaterThanOrEqual(runner.done - FREE_LEAF_COST)
      }
    }),
    { numRuns: 400 },
  )
})

test('entering a function is charged by its locals, which are cleared then', async () => {
  const core = await meterWat(`(module
    (func (export "few") (call $few)) (func $few (local ${'v128 '.repeat(10)}))
    (func (export "many") (call $many)) (func $many (local ${'v128 '.repeat(40_000)})))`)

  expect(fuelOf(core, 'many') - fuelOf(core, 'few')).toBeGreaterThanOrEqual(40_000 / 64)
})

test('a function is charged once for having been compiled, by what that takes', async () => {
  const operands = `${'(i32.const 1)'.repeat(500)} ${'(call $leaf)'.repeat(500)} ${'(drop)'.repeat(500)}`
  const core = await meterWat(`(module (func $leaf)
    ${Array.from({ length: 40 }, (_, i) => `(func (export "${i}") (if (i32.const 1) (then (return))) ${operands})`).join('')})`)
  for (let i = 0; i < 40; i++) {
    const first = fuelOf(core, String(i))
    // 500 times 500 values at an eighth of a join, and a twentieth for each.
    expect(first - fuelOf(core, String(i))).toBeGreaterThan(1500)
    expect(first).toBeLessThan(5000)
  }
})

test('what was run before an exception left a function is charged for, if another module of the component catches it', async () => {
  const work = '(local.set $n (i32.sub (local.get $n) (i32.const 1)))'
  const thrower = `(module (import "t" "throw" (func $throw))
    (func $f (export "f") (param $n i32) ${work.repeat(90)} (if (i32.le_s (local.get $n) (i32.const 0)) (then (call $throw)))
      (call $f (local.get $n)) (unreachable)))`
  const catcher = '(module (func (block $b (try_table (catch_all $b)))))'
  const modules = readCoreModules([await parseWat(thrower), await parseWat(catcher)])
  const [instrumented] = instrument(modules, [0, 1], AMPLE)
  const imports = {
    t: {
      throw: () => {
        throw new Error('thrown')
      },
    },
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(instrumented!.bytes), imports)
  const fuel = exports[METER_EXPORTS.fuel] as WebAssembly.Global
  fuel.value = 1_000_000
  expect(() => (exports['f'] as WebAssembly.ExportedFunction)(90 * 99)).toThrow('thrown')
  expect(1_000_000 - (fuel.value as number)).toBeGreaterThanOrEqual(100 * 360)
})
