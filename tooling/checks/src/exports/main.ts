import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPackages } from '../boundaries/workspace.ts'
import { judgePackage } from './judge-package.ts'
import { packPackage } from './pack-package.ts'

const root = join(import.meta.dirname, '../../../..')
const published = findPackages(root, ['packages', 'apps']).filter(({ manifest }) => manifest.private !== true)
const destination = await mkdtemp(join(tmpdir(), 'vane-exports-'))
let complaintCount = 0
try {
  for (const { name, folder } of published) {
    const complaints = await judgePackage(await packPackage(join(root, folder), destination))
    complaintCount += complaints.length
    console.log(complaints.length === 0 ? `${name}: fit to publish` : `${name}:`)
    for (const complaint of complaints) console.error(`  ${complaint.replaceAll('\n', '\n  ')}`)
  }
} finally {
  await rm(destination, { recursive: true, force: true })
}
console.log(`exports: ${published.length} packages, ${complaintCount} complaints`)
if (complaintCount > 0 || published.length === 0) process.exitCode = 1
