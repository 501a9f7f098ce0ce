import { decide, getContext, type L7RequestDecision, type L7RequestInput, PluginFailure } from 'vane-plugin-sdk'
import { args, log } from 'vane-plugin-sdk/host'

/** Answers one path with a greeting; every other request goes on. */
export function greet({ method, uri, context }: L7RequestInput): L7RequestDecision {
  const { path = '/hello', greeting = 'Hello' } = args()
  if (typeof path !== 'string' || typeof greeting !== 'string') {
    throw new PluginFailure('bad-args', 'path and greeting must be strings')
  }
  const [requested] = uri.split('?', 1)
  if (requested !== path) return decide.continue()
  if (method !== 'GET' && method !== 'HEAD') return decide.short({ status: 405, headers: { allow: 'GET, HEAD' } })

  const peer = getContext(context, 'conn.peer_ip', 'text') ?? 'stranger'
  log('info', 'greeted', { peer })
  return decide.short({
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: method === 'HEAD' ? '' : `${greeting}, ${peer}!\n`,
  })
}
