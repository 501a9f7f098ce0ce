import type { ProfileNode } from './cpu-profile.ts'

/** Where a frame's code is from. */
export interface FrameOrigin {
  /** Who answers for the code: a package, `node:…` for Node's own JavaScript, or what V8 does itself. */
  readonly group: string
  /** File within the group, without a line; the group itself where there is no file. */
  readonly file: string
}

/** V8's names for what is no function. */
const PSEUDO: ReadonlyMap<string, string> = new Map([
  ['(garbage collector)', 'garbage collector'],
  ['(idle)', 'idle'],
  ['(program)', 'program (native code outside any call from JavaScript)'],
])

/** Group of functions that are written in C++ and called from JavaScript, system calls included. */
export const NATIVE = 'native (called from JavaScript, system calls included)'
/** Group of the time in which the process waits. */
export const IDLE = 'idle'

/** Tells where a frame's code is from. */
export function originOf({ functionName, url }: ProfileNode['callFrame']): FrameOrigin {
  if (url === '') {
    const group = PSEUDO.get(functionName) ?? NATIVE
    return { group, file: group }
  }
  if (url.startsWith('node:')) return { group: 'node (its JavaScript)', file: url }
  if (url.startsWith('wasm:')) return { group: 'WebAssembly', file: 'WebAssembly' }
  const path = decodeURI(url.replace(/^file:\/\//, ''))
  // The innermost package: in a pnpm store the path names the package more than once.
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(path)
  if (installed) return { group: installed[1]!, file: `${installed[1]}/${installed[2]}` }
  const own = /\/(?:packages|apps|tooling)\/([^/]+)\/(?:dist\/|src\/)?(.+)$/.exec(path)
  if (own) return { group: own[1]!, file: `${own[1]}/${own[2]}` }
  return { group: 'other scripts', file: path }
}
