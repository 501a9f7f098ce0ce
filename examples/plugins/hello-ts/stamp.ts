import { decide, type L7ResponseDecision, type L7ResponseInput, PluginFailure, setHeader } from 'vane-plugin-sdk'
import { args } from 'vane-plugin-sdk/host'

/** Sets one header field of the response. */
export function stamp({ headers }: L7ResponseInput): L7ResponseDecision {
  const { name = 'x-vane', value = 'hello-ts' } = args()
  if (typeof name !== 'string' || typeof value !== 'string') {
    throw new PluginFailure('bad-args', 'name and value must be strings')
  }
  return decide.modify({ headers: setHeader(headers, name, value) })
}
