import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { parseWat } from 'vane-plugin-sdk/build'
import { afterAll, describe, expect, test } from 'vitest'

import { UnsupportedError } from '../../src/binary/unsupported-error.ts'
import { Meter } from '../../src/instance/meter.ts'
import { instrumentBytes } from '../_core.ts'
import { headOf, isList, parseWast, wastText, toBytes, toJsValue, type Sexp, type SexpList } from '../_wast.ts'

/** A folder with the `.wast` files of the WebAssembly core specification's test suite. */
const dir = process.env['VANE_WASM_SPEC_DIR'] ?? ''

const EVERYTHING = { maxMemoryBytes: 65_536 * 65_536, maxTableElements: 2 ** 32 - 1 }

/** What a refusal has to name. */
const NAMED =
  /opcode|(value|heap|block) type|type form|memory|memories|tables?|name that is reserved|function|code that grows/

/** One of two worlds in which a script is run: with its modules as they are, or instrumented. */
class World {
  readonly named: Map<string, WebAssembly.Instance> = new Map()
  readonly registered: WebAssembly.Imports = { spectest: spectest() }
  last: WebAssembly.Instance | undefined

  keep(name: string | undefined, instance: WebAssembly.Instance | undefined): void {
    this.last = instance
    if (name === undefined) return
    if (instance === undefined) this.named.delete(name)
    else this.named.set(name, instance)
  }

  find(name: string | undefined): WebAssembly.Instance | undefined {
    return name === undefined ? this.last : this.named.get(name)
  }
}

function spectest(): WebAssembly.ModuleImports {
  const nothing = (): void => {}
  const names = ['print', 'print_i32', 'print_i64', 'print_f32', 'print_f64', 'print_i32_f32', 'print_f64_f64']
  return {
    ...Object.fromEntries(names.map((name) => [name, nothing])),
    global_i32: 666,
    global_i64: 666n,
    global_f32: 666.6,
    global_f64: 666.6,
    table: new WebAssembly.Table({ initial: 10, maximum: 20, element: 'anyfunc' }),
    memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
  }
}

/** Runs a script in both worlds. */
class Script {
  readonly plain: World = new World()
  readonly metered: World = new World()
  readonly differences: string[] = []
  readonly source: string
  modules = 0
  calls = 0
  /** Why modules were refused. */
  readonly refusals: string[] = []

  constructor(source: string) {
    this.source = source
  }

  async run(): Promise<void> {
    for (const command of parseWast(this.source)) {
      if (!isList(command)) continue
      const head = headOf(command)
      if (head === 'module') await this.#module(command)
      else if (head === 'register') this.#register(command)
      else this.#action(head, command)
    }
  }

  async #module(command: SexpList): Promise<void> {
    const name = nameOf(command.items[1])
    const bytes = await toModule(command, this.source)
    const instances = bytes === undefined ? undefined : this.#instantiate(bytes, command)
    this.plain.keep(name, instances?.plain)
    this.metered.keep(name, instances?.metered)
  }

  #instantiate(
    bytes: Uint8Array,
    { start }: SexpList,
  ): { plain: WebAssembly.Instance; metered: WebAssembly.Instance } | undefined {
    if (!WebAssembly.validate(bytes)) return undefined
    let rewritten: Uint8Array
    try {
      rewritten = instrumentBytes(bytes, EVERYTHING).bytes
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error
      this.refusals.push(error.message)
      return undefined
    }
    this.modules++
    const plain = attempt(() => new WebAssembly.Instance(new WebAssembly.Module(bytes), this.plain.registered))
    const metered = attempt(() => {
      const instance = new WebAssembly.Instance(new WebAssembly.Module(rewritten), this.metered.registered)
      const meter = new Meter()
      meter.begin(600_000)
      meter.arm(instance)
      return instance
    })
    if (plain.error !== metered.error) this.differences.push(`at ${start}: ${plain.error} became ${metered.error}`)
    if (plain.value === undefined || metered.value === undefined) return undefined
    return { plain: plain.value, metered: metered.value }
  }

  #register({ items }: SexpList): void {
    const key = wastText(items[1])
    for (const world of [this.plain, this.metered]) {
      const instance = world.find(nameOf(items[2]))
      if (instance === undefined) delete world.registered[key]
      else world.registered[key] = instance.exports
    }
  }

  #action(head: string, command: SexpList): void {
    const inner = command.items[1]
    const action =
      head === 'invoke' || head === 'get' ? command : inner !== undefined && isList(inner) ? inner : undefined
    if (action === undefined || !['invoke', 'get'].includes(headOf(action))) return
    const name = nameOf(action.items[1])
    const [field, ...operands] = action.items.slice(name === undefined ? 1 : 2)
    const args = operands.map(toJsValue)
    const plain = this.plain.find(name)
    const metered = this.metered.find(name)
    if (plain === undefined || metered === undefined || args.includes(undefined)) return
    this.calls++
    const run = (instance: WebAssembly.Instance): unknown => {
      const found = instance.exports[wastText(field)]
      if (headOf(action) === 'get') return (found as WebAssembly.Global).value
      return (found as (...values: unknown[]) => unknown)(...args)
    }
    const before = attempt(() => run(plain))
    const after = attempt(() => run(metered))
    if (before.error !== after.error || !isSame(before.value, after.value)) {
      this.differences.push(`${wastText(field)} at ${command.start}: ${show(before)} became ${show(after)}`)
    }
  }
}

function nameOf(item: Sexp | undefined): string | undefined {
  return typeof item === 'string' && item.startsWith('$') ? item : undefined
}

/** Bytes of a module; `undefined` where it cannot be read, or is none. */
async function toModule(list: SexpList, source: string): Promise<Uint8Array | undefined> {
  const rest = list.items.slice(1).filter((item) => item !== 'definition')
  const items = nameOf(rest[0]) === undefined ? rest : rest.slice(1)
  if (items[0] === 'instance') return undefined
  if (items[0] === 'binary') return Buffer.concat(items.slice(1).map((item) => toBytes(item)))
  const text = source.slice(list.start, list.end).replace(/^\(module\s+definition/, '(module')
  try {
    return await parseWat(items[0] === 'quote' ? `(module ${items.slice(1).map(wastText).join(' ')})` : text)
  } catch {
    return undefined
  }
}

interface Outcome<T> {
  readonly value?: T
  readonly error?: string
}

function attempt<T>(run: () => T): Outcome<T> {
  try {
    return { value: run() }
  } catch (error) {
    return {
      error:
        error instanceof Error ? `${error.constructor.name}: ${error.message.split(' @+')[0] ?? ''}` : 'an exception',
    }
  }
}

/** Functions and references of two worlds are the same where both are there. */
function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isSame(item, b[i]))
  if (typeof a === 'function' || (typeof a === 'object' && a !== null)) return typeof a === typeof b && b !== null
  return Object.is(a, b)
}

function show({ value, error }: Outcome<unknown>): string {
  return error ?? String(value)
}

describe.skipIf(dir === '')('the core specification test suite means the same with and without metering', () => {
  const files = dir === '' ? [] : readdirSync(dir).filter((file) => file.endsWith('.wast'))

  const totals = { modules: 0, calls: 0 }
  const refusals = new Map<string, number>()

  afterAll(() => {
    console.log(`${totals.modules} modules and ${totals.calls} calls compared`)
    for (const [reason, count] of refusals) console.log(`${count} modules refused: ${reason}`)
  })

  test('is there', () => {
    expect(files.length).toBeGreaterThan(50)
  })

  test.each(files)('%s', { timeout: 120_000 }, async (file) => {
    const script = new Script(readFileSync(join(dir, file), 'utf8'))
    await script.run()
    expect(script.differences).toEqual([])
    // What is refused is refused by name: an author has to know what to do without.
    for (const reason of script.refusals) expect(reason).toMatch(NAMED)
    for (const reason of script.refusals) refusals.set(reason, (refusals.get(reason) ?? 0) + 1)
    totals.modules += script.modules
    totals.calls += script.calls
  })
})

test.runIf(dir === '')('the core specification test suite is not run: VANE_WASM_SPEC_DIR names no folder', () => {
  expect(dir).toBe('')
})
