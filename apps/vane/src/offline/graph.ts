import { writeFile } from 'node:fs/promises'
import { suggest } from 'vane-core'
import { drawModel, type DrawModel } from '../draw/draw-model.ts'
import { toDot } from '../draw/to-dot.ts'
import { toMermaid } from '../draw/to-mermaid.ts'
import { toSvg } from '../draw/to-svg.ts'
import { UsageError } from '../usage-error.ts'
import type { OfflineCommand } from './offline-command.ts'
import { readConfig, reportOf } from './read-config.ts'

const FORMATS: Readonly<Record<string, (model: DrawModel) => string>> = { svg: toSvg, mermaid: toMermaid, dot: toDot }

/** `vane graph DIR`. */
export const graphCommand: OfflineCommand = {
  name: 'graph',
  usage: 'graph DIR --format svg|mermaid|dot',
  summary: 'draw what a configuration compiles to',
  takes: ['format', 'out', 'full'],
  async run(dir, { format = 'svg', out, full }, surroundings) {
    const write = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined
    if (write === undefined) {
      const near = suggest(format, Object.keys(FORMATS))
      const hint = near === undefined ? `there are: ${Object.keys(FORMATS).join(', ')}` : `did you mean ${near}?`
      throw new UsageError(`unknown format ${format}; ${hint}`)
    }
    const read = await readConfig(dir, surroundings)
    const stderr = reportOf(read, surroundings)
    if (read.graph === undefined) return { stdout: '', stderr, exitCode: 1 }
    const picture = write(drawModel(read.graph, { full }))
    if (out === undefined) return { stdout: picture, stderr, exitCode: 0 }
    try {
      await writeFile(out, picture)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return { stdout: '', stderr: `${stderr}vane: cannot write ${out}: ${reason}\n`, exitCode: 1 }
    }
    return { stdout: '', stderr, exitCode: 0 }
  },
}
