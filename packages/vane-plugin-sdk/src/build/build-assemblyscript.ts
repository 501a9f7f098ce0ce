import { readFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { parse, print } from '@bytecodealliance/jco-transpile/wasm-tools'

import { assemblyScriptGlue, renameExports } from './assemblyscript-glue.ts'
import { BuildError } from './build-error.ts'
import { readEntry } from './build-wat.ts'
import { componentFromCore } from './wat-to-component.ts'
import { assertWorld, type World, worldKinds } from './wit-source.ts'
import { writeComponent } from './write-component.ts'

/** What `buildAssemblyScript` takes. */
export interface BuildAssemblyScriptOptions {
  /** The module that exports `metadata()` and a `handleL7Request` (and so on) for each kind in the world. */
  entry: string
  /** Where the component goes; its folder is made. */
  out: string
  world: World
}

/** The part of `assemblyscript/asc` in use; and its types are not to be loaded: see below. */
interface Compiler {
  main(
    args: string[],
    io: {
      stdout: { write(chunk: string | Uint8Array): boolean }
      stderr: { write(chunk: string | Uint8Array): boolean }
      readFile(name: string, folder: string): Promise<string | null>
      writeFile(name: string, contents: string | Uint8Array): void
      listFiles(): string[]
    },
  ): Promise<{ error: Error | null }>
}

const libraryFolder = fileURLToPath(new URL('../../assemblyscript/', import.meta.url))
const glueName = 'vane-entry.ts'

/** Builds a plugin written in AssemblyScript. Needs the package `assemblyscript` beside the SDK. Throws `BuildError`. */
export async function buildAssemblyScript(options: BuildAssemblyScriptOptions): Promise<Uint8Array> {
  assertWorld(options.world)
  await readEntry(options.entry)
  const core = await compile(await loadCompiler(), options)
  const renamed = await parse(renameExports(await print(core), worldKinds[options.world]))
  const component = await componentFromCore(renamed, { world: options.world, file: options.entry })
  await writeComponent(options.out, component)
  return component
}

async function loadCompiler(): Promise<Compiler> {
  try {
    // A computed name keeps the package's types out: they declare globals of their own, `console` among them.
    const name: string = 'assemblyscript/asc'
    const module = (await import(name)) as { default: Compiler }
    return module.default
  } catch (error) {
    throw new BuildError('toolchain-missing', 'install the package assemblyscript to build AssemblyScript', {
      cause: error,
    })
  }
}

async function compile(compiler: Compiler, { entry, world }: BuildAssemblyScriptOptions): Promise<Uint8Array> {
  const path = resolve(entry)
  const glue = assemblyScriptGlue(`./${basename(path).replace(/\.ts$/, '')}`, worldKinds[world])
  let errors = ''
  let binary: Uint8Array | undefined
  const sink = (write: (chunk: string) => void): { write(chunk: string | Uint8Array): boolean } => ({
    write: (chunk) => (write(typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk)), true),
  })
  const { error } = await compiler.main(
    [
      glueName,
      '--outFile',
      'plugin.wasm',
      '--runtime',
      'minimal',
      '--use',
      'abort=',
      '-O',
      '--noColors',
      '--baseDir',
      dirname(path),
    ],
    {
      stdout: sink(() => {}),
      stderr: sink((chunk) => (errors += chunk)),
      readFile: (name, folder) => (name === glueName ? Promise.resolve(glue) : readSource(name, folder)),
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm') && typeof contents !== 'string') binary = contents
      },
      listFiles: () => [],
    },
  )
  if (error !== null || binary === undefined) throw compileError(errors || String(error), entry)
  return binary
}

// The SDK's own modules come from its folder, wherever the compiler looks for them.
async function readSource(name: string, folder: string): Promise<string | null> {
  const own = /vane-plugin-sdk\/assemblyscript\/(\w+)\.ts$/.exec(name)
  try {
    return await readFile(own === null ? resolve(folder, name) : `${libraryFolder}${own[1]}.ts`, 'utf8')
  } catch {
    return null
  }
}

// ERROR TS2322: Type '…' … \n    :\n 5 │ … \n   … \n    └─ in plugin.ts(5,12)
function compileError(text: string, entry: string): BuildError {
  const message = /^ERROR (?:\w+: )?(.*)$/m.exec(text)?.[1] ?? text.trim()
  const at = /in (\S+)\((\d+),(\d+)\)/.exec(text)
  const place =
    at === null
      ? { file: entry }
      : { file: resolve(dirname(entry), at[1] ?? ''), line: Number(at[2]), column: Number(at[3]) }
  return new BuildError('syntax', message, { place })
}
