import type { L4BytesDecision, L4PeekDecision, L7RequestDecision, L7ResponseDecision } from '../contract/decisions.ts'
import type { HandlerInterface, PluginInterfaces } from '../contract/handlers.ts'
import type { L4BytesInput, L4PeekInput, L7RequestInput, L7ResponseInput } from '../contract/inputs.ts'
import type { MiddlewareKind } from '../contract/metadata.ts'
import { toPluginError } from './plugin-failure.ts'

/** The version of `vane:plugin` that this SDK is for. */
export const abiVersion = '0.1.0'

/** What every export says about itself besides its handler. */
export interface ExportOptions {
  /** Default true: calls share nothing. False: an instance keeps its memory from call to call. */
  stateless?: boolean
  /** Default false: `body` is none and nothing is buffered. */
  needsBody?: boolean
  /** The context paths the handler reads. Default none. */
  inspects?: readonly string[]
}

/** An export of one kind. */
export interface ExportOf<Kind extends MiddlewareKind, Input, Decision> extends ExportOptions {
  kind: Kind
  /** Must answer at once: a promise is an error. Throw a `PluginFailure` to report a failure. */
  handle(input: Input): Decision
}

/** Any export; `kind` decides what `handle` takes and gives. */
export type ExportDefinition =
  | ExportOf<'l4-peek', L4PeekInput, L4PeekDecision>
  | ExportOf<'l4-bytes', L4BytesInput, L4BytesDecision>
  | ExportOf<'l7-request', L7RequestInput, L7RequestDecision>
  | ExportOf<'l7-response', L7ResponseInput, L7ResponseDecision>

/** A plugin as its author writes it. */
export interface PluginDefinition {
  name: string
  /** The plugin's own version, for people. */
  version: string
  /** By the names that rules use. */
  exports: Readonly<Record<string, ExportDefinition>>
}

/**
 * Turns a definition into the interfaces a component exports. Make it the entry's default export:
 *
 * ```ts
 * export default definePlugin({
 *   name: 'gate',
 *   version: '1.0.0',
 *   exports: { deny: { kind: 'l7-request', handle: () => decide.short({ status: 403 }) } },
 * })
 * ```
 */
export function definePlugin({ name, version, exports }: PluginDefinition): PluginInterfaces {
  const plugin: PluginInterfaces = {
    registry: {
      getMetadata: () => ({
        name,
        version,
        abiVersion,
        exports: Object.entries(exports).map(([exportName, item]) => ({
          name: exportName,
          kind: item.kind,
          stateless: item.stateless ?? true,
          needsBody: item.needsBody ?? false,
          inspects: [...(item.inspects ?? [])],
          needsStreamingBody: false,
        })),
      }),
    },
  }
  const kinds = new Set(Object.values(exports).map((item) => item.kind))
  if (kinds.has('l4-peek')) plugin.handlerL4Peek = handlerFor('l4-peek', exports)
  if (kinds.has('l4-bytes')) plugin.handlerL4Bytes = handlerFor('l4-bytes', exports)
  if (kinds.has('l7-request')) plugin.handlerL7Request = handlerFor('l7-request', exports)
  if (kinds.has('l7-response')) plugin.handlerL7Response = handlerFor('l7-response', exports)
  return plugin
}

type OfKind<Kind extends MiddlewareKind> = Extract<ExportDefinition, { kind: Kind }>
type InputOf<Kind extends MiddlewareKind> = Parameters<OfKind<Kind>['handle']>[0]
type DecisionOf<Kind extends MiddlewareKind> = ReturnType<OfKind<Kind>['handle']>

function handlerFor<Kind extends MiddlewareKind>(
  kind: Kind,
  exports: PluginDefinition['exports'],
): HandlerInterface<InputOf<Kind>, DecisionOf<Kind>> {
  return {
    handle(name, input) {
      try {
        const item = Object.hasOwn(exports, name) ? exports[name] : undefined
        if (item?.kind !== kind) throw new Error(`there is no export "${name}" of kind ${kind}`)
        // The kind is checked above; the compiler does not carry that over to the parameter's type.
        const decision = (item.handle as (input: InputOf<Kind>) => DecisionOf<Kind>)(input)
        return checkedDecision(decision, name)
      } catch (thrown) {
        // oxlint-disable-next-line typescript/only-throw-error -- an engine takes the err value of a result as thrown, and it is a record
        throw toPluginError(thrown)
      }
    },
  }
}

// The engine would answer with a trap, and no word about why.
function checkedDecision<Decision>(decision: Decision, name: string): Decision {
  if (typeof decision === 'object' && decision !== null && 'tag' in decision) return decision
  const what =
    decision instanceof Promise ? 'a promise; handlers must answer at once' : `${typeof decision}, not a decision`
  throw new TypeError(`the handler of "${name}" answered with ${what}`)
}
