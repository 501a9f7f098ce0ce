import {
  canonicalJson,
  quoted,
  type ClientAuth,
  type Diagnostic,
  type ListenerTls,
  type ListenerTlsMeta,
  type Rule,
  type SourceSpan,
} from 'vane-core'
import type { ListenerRules } from './group-listeners.ts'
import { toPlainJson } from './plain-json.ts'

/** The TLS of listeners that have any, by their key. */
export interface MergedTls {
  readonly byListener: ReadonlyMap<string, ListenerTlsMeta>
  readonly diagnostics: readonly Diagnostic[]
}

/** Puts the `tls` blocks of the rules on each listener together: one certificate for a name, one way to ask clients. */
export function mergeTls(listeners: readonly ListenerRules[]): MergedTls {
  const byListener = new Map<string, ListenerTlsMeta>()
  // Rules that share several listeners disagree once.
  const diagnostics = new Map<string, Diagnostic>()
  for (const { spec, rules } of listeners) {
    const blocks = rules.flatMap(({ rule }) => (rule.tls === undefined ? [] : [{ rule, tls: rule.tls }]))
    const [first] = blocks
    if (first === undefined) continue
    const bySni = new Map<string, Block>()
    for (const block of blocks) {
      const { sni } = block.tls
      const known = bySni.get(sni ?? '')
      if (known === undefined) bySni.set(sni ?? '', block)
      const problem =
        (known === undefined ? undefined : certificateConflict(known, block, spec.key)) ??
        clientAuthConflict(first, block, spec.key)
      if (problem !== undefined) diagnostics.set(`${problem.code} ${first.rule.name} ${block.rule.name}`, problem)
    }
    byListener.set(spec.key, {
      certificates: [...bySni]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([, { rule, tls }]) => ({ ...tls, rule: rule.name, source: placeOf(rule) })),
      clientAuth: first.tls.clientAuth,
      rule: first.rule.name,
      source: placeOf(first.rule),
    })
  }
  return { byListener, diagnostics: [...diagnostics.values()] }
}

interface Block {
  readonly rule: Rule
  readonly tls: ListenerTls
}

function certificateConflict(known: Block, block: Block, listener: string): Diagnostic | undefined {
  // Asking clients is the other check's matter.
  const [one, other] = [known.tls, block.tls].map((tls) =>
    canonicalJson(toPlainJson({ ...tls, clientAuth: undefined })),
  )
  if (one === other) return undefined
  const { sni } = block.tls
  const what = sni === undefined ? 'a default certificate' : `a certificate for ${quoted(sni)}`
  return {
    severity: 'error',
    code: 'tls-conflict',
    message: `rule ${quoted(block.rule.name)} brings ${what} to the listener ${quoted(listener)}, which has another one`,
    span: placeOf(block.rule),
    suggestion: sni === undefined ? 'give one of them an "sni"' : 'name the same files, or leave "tls" out of one rule',
    related: [{ message: `rule ${quoted(known.rule.name)} brings it here`, span: placeOf(known.rule) }],
  }
}

function clientAuthConflict(first: Block, block: Block, listener: string): Diagnostic | undefined {
  if (textOf(first.tls.clientAuth) === textOf(block.tls.clientAuth)) return undefined
  return {
    severity: 'error',
    code: 'client-auth-conflict',
    message: `rules ${quoted(first.rule.name)} and ${quoted(block.rule.name)} on the listener ${quoted(listener)} differ in "client_auth"`,
    span: placeOf(block.rule),
    suggestion: 'clients are asked before any rule is known: write the same "client_auth" in both',
    related: [{ message: `rule ${quoted(first.rule.name)} is here`, span: placeOf(first.rule) }],
  }
}

/** Nobody being asked is one thing, written out or not. */
function textOf(auth: ClientAuth | undefined): string {
  return auth === undefined || auth.mode === 'none' ? 'none' : canonicalJson(toPlainJson(auth))
}

function placeOf(rule: Rule): SourceSpan {
  return rule.tlsSource ?? rule.source
}
