import type { SymbolicFlowGraph } from 'vane-core'
import { comparesPaths } from './compared-path.ts'
import type { LinkedListener } from './linked-listener.ts'
import type { LinkedNode } from './linked-node.ts'
import type { MatchProgram } from './match-program.ts'

/** What a linked graph holds that must be given back. */
export interface Disposable {
  dispose?(): void
}

/** What a linked graph consists of. */
export interface LinkedParts {
  readonly nodes: readonly LinkedNode[]
  readonly listeners: ReadonlyMap<string, LinkedListener>
  readonly filesDigest: string
  readonly warnings: readonly string[]
  readonly matching: MatchProgram
}

/** A graph that can run: its nodes are resolved, its plugin call sites and pools are held until it is disposed of. */
export class LinkedGraph {
  /** What it was made from. */
  readonly symbolic: SymbolicFlowGraph
  readonly nodes: readonly LinkedNode[]
  /** Listener key to first node. */
  readonly entries: ReadonlyMap<string, number>
  /** Whether a request's path must have one reading. */
  readonly comparesPaths: boolean
  /** What each listener does with its connections, by its key. */
  readonly listeners: ReadonlyMap<string, LinkedListener>
  /** SHA-256 of the files that the rules name and that were read for it: certificates, keys, revocation lists. */
  readonly filesDigest: string
  /** What is doubtful about those files, each with rule, file and line. */
  readonly warnings: readonly string[]
  /** All of the nodes that find the rule, in the form that is run. */
  readonly matching: MatchProgram
  #holdings: readonly Disposable[]
  #users = 0
  #isDisposed = false

  constructor(symbolic: SymbolicFlowGraph, parts: LinkedParts, holdings: readonly Disposable[]) {
    this.symbolic = symbolic
    this.nodes = parts.nodes
    this.comparesPaths = comparesPaths(symbolic)
    this.listeners = parts.listeners
    this.filesDigest = parts.filesDigest
    this.warnings = parts.warnings
    this.matching = parts.matching
    this.entries = new Map<string, number>(Object.entries(symbolic.entries))
    this.#holdings = holdings
  }

  /** SHA-256 of what it was compiled from. */
  get versionHash(): string {
    return this.symbolic.meta.versionHash
  }

  /** Counts a walk in: until its `release`, nothing of the graph goes away. */
  retain(): this {
    this.#users++
    return this
  }

  /** Counts a walk out. */
  release(): void {
    this.#users--
    this.#giveBack()
  }

  /** Gives plugin call sites and pools back, as soon as the last walk on the graph is over. Idempotent. */
  dispose(): void {
    this.#isDisposed = true
    this.#giveBack()
  }

  #giveBack(): void {
    if (!this.#isDisposed || this.#users > 0) return
    const holdings = this.#holdings
    this.#holdings = []
    for (const holding of holdings) holding.dispose?.()
  }
}
