import type { ClosureException, ClosureRule } from './table.ts'

/** Built-in modules that touch the network, files or other processes. */
const IO_BUILTINS = [
  'node:child_process',
  'node:cluster',
  'node:dgram',
  'node:dns',
  'node:dns/promises',
  'node:fs',
  'node:fs/promises',
  'node:http',
  'node:http2',
  'node:https',
  'node:net',
  'node:tls',
  'node:worker_threads',
]

const POLICY_FILE: ClosureException = {
  file: 'packages/vane-core/src/policy/read-policy-file.ts',
  module: 'node:fs/promises',
  because: 'it reads the one policy file that it is asked to read, and nothing when it is only imported',
}

const FILE_BUILTINS = new Set(['node:fs', 'node:fs/promises'])

/** One row per entry point that promises to be pure; installed packages behind it are followed as well. */
export const CLOSURE_RULES: readonly ClosureRule[] = [
  {
    package: 'vane-core',
    subpath: '.',
    bannedBuiltins: IO_BUILTINS,
    bannedPackages: ['undici'],
    exceptions: [POLICY_FILE],
    minimumModules: 50,
    why: 'vane-core does no I/O but reading the policy file, and what it depends on does none either',
  },
  {
    package: 'vane-engine',
    subpath: './compile',
    bannedBuiltins: IO_BUILTINS,
    bannedPackages: ['vane-wasm', 'undici'],
    exceptions: [POLICY_FILE],
    minimumModules: 75,
    why: 'vane-engine/compile is a pure function from rule text to a symbolic graph, so that tools can run it anywhere',
  },
  {
    package: 'vane-engine',
    subpath: './config',
    bannedBuiltins: IO_BUILTINS.filter((module) => !FILE_BUILTINS.has(module)),
    bannedPackages: ['vane-wasm', 'undici'],
    exceptions: [],
    minimumModules: 85,
    why: 'vane-engine/config reads a configuration directory and compiles it: files are its purpose, but the command line loads it and must not bring a proxy along',
  },
]
