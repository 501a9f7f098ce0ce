export * from './types'
export { counter, getArgs, Level, log, nowUnixMs } from './host'
