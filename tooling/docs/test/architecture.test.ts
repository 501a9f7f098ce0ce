import { expect, test } from 'vitest'
import { PACKAGE_RULES } from '../../checks/src/boundaries/package-rules.ts'
import { phaseTable } from '../src/phase-table.ts'
import { codesOf, tableUnder } from '../src/read-tables.ts'
import { readPage } from '../src/repository.ts'

const page = await readPage('architecture')

test('who may import whom', () => {
  const documented = tableUnder(page, 'Packages').rows.map(([name = '', , imports = '']) => [
    codesOf(name)[0],
    codesOf(imports),
  ])
  const real = PACKAGE_RULES.map(({ name, mayImport, mayImportLazily }) => [name, [...mayImport, ...mayImportLazily]])
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(real))
})

test('phases', () => {
  expect(page).toContain(`\n${phaseTable()}\n\n`)
})
