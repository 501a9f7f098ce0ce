export { checkPlugin } from './case/check-plugin.ts'
export { openTck, type Tck } from './case/tck.ts'
export type { TckCase } from './case/tck-case.ts'
export type { ProxyCase } from './case/proxy-case.ts'
export type { OpenOptions, Trial, TrialSite } from './case/trial.ts'
export { proxyCases } from './cases/proxy.ts'
export { tckCases } from './cases/tck-cases.ts'
export type {
  CallSite,
  Decisions,
  FetchAnswered,
  FetchAsked,
  Host,
  Inputs,
  Loaded,
  LoggedLine,
  Outcome,
  PluginSetup,
  PluginSetupLimits,
  PluginSetupPolicy,
  Refused,
  ReportedMetric,
  Trap,
  TrapCause,
} from './host/host.ts'
export type { Proxy, ProxySetup, Served } from './host/proxy.ts'
export type { PluginSource } from './plugin/plugin-source.ts'
export type {
  Answer,
  Echo,
  FixtureExport,
  FixtureHeaders,
  FixtureKind,
  FixtureMetadata,
  Handler,
  Match,
  Misbehaviour,
  Source,
  Step,
  WatPluginSpec,
} from './plugin/spec.ts'
export { watModule, type ModuleText } from './plugin/wat-module.ts'
