import { rawWatPlugin, watModule } from 'vane-fixtures'

/** A plugin that imports something of its own choice and answers what its code leaves in the global `$grown`. */
export interface WasiCase {
  /** Interface with version, as it is imported; none where the import is no interface. */
  name?: string
  /** Its WIT, without the package around it. */
  wit?: string
  /** Core imports. */
  fields: string
  /** Instructions of the handler. */
  code: string
  /** Default true. */
  stateless?: boolean
}

/** Builds such a plugin. Its export is `x`, of kind `l7-request`. */
export async function wasiPlugin({ name, wit = '', fields, code, stateless = true }: WasiCase): Promise<Uint8Array> {
  const module = watModule({
    metadata: { exports: [{ name: 'x', kind: 'l7-request', stateless }] },
    handlers: {
      'l7-request': [
        { do: 'wat', code },
        { answer: 'short', body: { echo: 'grown' } },
      ],
    },
  })
  const [, packageName = '', version = ''] = /^([^/]+)\/[^@]+@(.+)$/.exec(name ?? '') ?? []
  const source =
    name === undefined
      ? module.wit
      : `${module.wit.replace('world fixture {', `world fixture { import ${name};`)}\npackage ${packageName}@${version} {\n${wit}\n}\n`
  // Imports come before everything else.
  const wat = module.wat.replace('(module', `(module ${fields}`)
  return await rawWatPlugin({ wat, wit: { source, world: module.world } })
}
