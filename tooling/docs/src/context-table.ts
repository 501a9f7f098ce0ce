import { CONTEXT_PATHS, PLUGIN_KINDS } from 'vane-core'

/** The rows of the table of context paths in `docs/abi.md`. */
export function contextTable(): string {
  return CONTEXT_PATHS.map(({ path, type, kinds, whenAbsent }) => {
    const cells = PLUGIN_KINDS.map((kind) => (kinds.includes(kind) ? 'yes' : '–'))
    return `| ${[`\`${path}\``, type, ...cells, whenAbsent === 'empty' ? 'empty' : 'left out'].join(' | ')} |`
  }).join('\n')
}
