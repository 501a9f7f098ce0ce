import { join } from 'node:path'
import { checkBoundaries } from './check-boundaries.ts'
import { BOUNDARIES } from './table.ts'
import { formatViolation } from './violation.ts'

const root = process.argv[2] ?? join(import.meta.dirname, '../../../..')
const { violations, moduleCounts } = checkBoundaries(root, BOUNDARIES)
for (const [name, count] of moduleCounts) console.log(`${String(count).padStart(5)} modules  ${name}`)
if (violations.length > 0) {
  console.error(violations.map((violation) => `\n${formatViolation(violation)}`).join('\n'))
  console.error(`\nboundaries: ${violations.length} broken`)
  process.exitCode = 1
} else {
  console.log('boundaries: all kept')
}
