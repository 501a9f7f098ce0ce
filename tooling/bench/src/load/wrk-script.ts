import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatRequestHead, type RequestShape } from '../workload/request-shape.ts'

/** Writes the script that makes wrk send these requests, byte for byte, and print what load-result.ts reads. */
export function createWrkScript(shape: RequestShape, url: string): string {
  const { host } = new URL(url)
  // What JSON escapes in ASCII text, Lua reads the same way.
  const heads = shape.targets.map((target) => JSON.stringify(formatRequestHead(shape, target, host)))
  return `local body = string.rep("x", ${shape.bodyBytes})
local requests = { ${heads.map((head) => `${head} .. body`).join(',\n  ')} }
local last = 0
function request()
  last = last % #requests + 1
  return requests[last]
end

${readFileSync(join(import.meta.dirname, 'report.lua'), 'utf8')}`
}
