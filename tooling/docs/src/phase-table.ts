import { PHASE_TABLE } from 'vane-core'

/** The rows of the table of phases in `docs/architecture.md`: nodes that may do the same stand in one row. */
export function phaseTable(): string {
  const moves = new Map<string, string[]>()
  for (const { node, variant = '', in: phase, leads } of PHASE_TABLE) {
    const targets = [...new Set(Object.values(leads))]
    const key = `${node}|${variant}`
    const move = targets.length === 0 ? phase : `${phase} → ${targets.join(', ')}`
    moves.set(key, [...(moves.get(key) ?? []), move])
  }
  const nodesByMoves = Map.groupBy(moves.keys(), (key) => `${key.split('|')[1]}|${moves.get(key)!.join('; ')}`)
  return [...nodesByMoves]
    .map(([group, keys]) => {
      const [variant = '', text = ''] = group.split('|')
      const nodes = keys.map((key) => `\`${key.split('|')[0]}\``).join(', ')
      return `| ${nodes} | ${variant === '' ? '' : `\`${variant}\``} | ${text} |`
    })
    .join('\n')
}
