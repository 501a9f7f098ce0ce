// The JavaScript interface of WebAssembly as far as it is used here: the compiler has it in its DOM library alone, which would bring
// a browser's globals along. https://webassembly.github.io/spec/js-api/
declare namespace WebAssembly {
  type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>

  interface ModuleImport {
    readonly module: string
    readonly name: string
    readonly kind: string
  }

  interface ModuleExport {
    readonly name: string
    readonly kind: string
  }

  class Module {
    constructor(bytes: Uint8Array)
    static imports(module: Module): ModuleImport[]
    static exports(module: Module): ModuleExport[]
  }

  class Instance {
    constructor(module: Module, imports?: Imports)
    readonly exports: Readonly<Record<string, unknown>>
  }

  class Memory {
    readonly buffer: ArrayBuffer
  }

  class Table {
    readonly length: number
    get(index: number): unknown
    set(index: number, value: unknown): void
  }

  class Global {
    value: unknown
  }

  class RuntimeError extends Error {}

  class CompileError extends Error {}

  function compile(bytes: Uint8Array): Promise<Module>
  function validate(bytes: Uint8Array): boolean
}
