// The JavaScript interface of WebAssembly as far as it is used here: the compiler has it in its DOM library alone, which would bring
// a browser's globals along. https://webassembly.github.io/spec/js-api/
declare namespace WebAssembly {
  type ModuleImports = Record<string, unknown>
  type Imports = Record<string, ModuleImports>
  type ExportedFunction = (...args: (number | bigint)[]) => number | bigint | undefined

  class Module {
    constructor(bytes: Uint8Array)
    static exports(module: Module): { readonly name: string; readonly kind: string }[]
  }

  class Instance {
    constructor(module: Module, imports?: Imports)
    readonly exports: ModuleImports
  }

  class Memory {
    constructor(descriptor: { readonly initial: number; readonly maximum?: number })
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }

  class Table {
    constructor(descriptor: { readonly element: 'anyfunc'; readonly initial: number; readonly maximum?: number })
    readonly length: number
    get(index: number): unknown
    set(index: number, value: unknown): void
  }

  class Global {
    value: unknown
  }

  class RuntimeError extends Error {}

  class CompileError extends Error {}

  /** A function of the host that may answer a promise, for which the caller then waits. */
  const Suspending: new (func: (...args: (number | bigint)[]) => unknown) => object

  /** Makes an exported function answer a promise, so that what it calls may wait. */
  function promising(func: ExportedFunction): (...args: (number | bigint)[]) => Promise<number | bigint | undefined>

  function compile(bytes: Uint8Array): Promise<Module>
  function validate(bytes: Uint8Array): boolean
}
