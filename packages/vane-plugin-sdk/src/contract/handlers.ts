import type { L4BytesDecision, L4PeekDecision, L7RequestDecision, L7ResponseDecision } from './decisions.ts'
import type { L4BytesInput, L4PeekInput, L7RequestInput, L7ResponseInput } from './inputs.ts'
import type { Metadata } from './metadata.ts'

/** The interface `vane:plugin/registry`. */
export interface Registry {
  getMetadata(): Metadata
}

/** A handler interface: answers with the decision, throws a `PluginError`. `name` says which export is meant. */
export interface HandlerInterface<Input, Decision> {
  handle(name: string, input: Input): Decision
}

/** What a plugin's entry exports: the interfaces of its world, by the names the toolchains look for. */
export interface PluginInterfaces {
  registry: Registry
  handlerL4Peek?: HandlerInterface<L4PeekInput, L4PeekDecision>
  handlerL4Bytes?: HandlerInterface<L4BytesInput, L4BytesDecision>
  handlerL7Request?: HandlerInterface<L7RequestInput, L7RequestDecision>
  handlerL7Response?: HandlerInterface<L7ResponseInput, L7ResponseDecision>
}
