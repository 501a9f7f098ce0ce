export type {
  L4BytesDecision,
  L4PeekDecision,
  L7RequestDecision,
  L7ResponseDecision,
  ModifiedResponse,
  SynthResponse,
} from './contract/decisions.ts'
export type { HandlerInterface, PluginInterfaces, Registry } from './contract/handlers.ts'
export type { HostInterface } from './contract/host.ts'
export type { L4BytesInput, L4PeekInput, L7RequestInput, L7ResponseInput } from './contract/inputs.ts'
export type { Metadata, MiddlewareExport, MiddlewareKind } from './contract/metadata.ts'
export type { BytesView, ContextEntry, ContextValue, Header, Option, PluginError } from './contract/values.ts'
export { getContext, type ContextTypes } from './guest/context.ts'
export { decide, type Decide, type HeadersInit, type ModifyInit, type ShortInit } from './guest/decide.ts'
export {
  abiVersion,
  definePlugin,
  type ExportDefinition,
  type ExportOf,
  type ExportOptions,
  type PluginDefinition,
} from './guest/define-plugin.ts'
export { getHeader, removeHeader, setHeader } from './guest/headers.ts'
export { PluginFailure } from './guest/plugin-failure.ts'
export { decodeUtf8, encodeUtf8 } from './guest/utf8.ts'
