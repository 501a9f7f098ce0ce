/** A plugin's export as a rule names it. */
export interface PluginRef {
  /** File name without `.wasm`. */
  readonly stem: string
  readonly exportName: string
}

/** Splits `<stem>:<export>`; `undefined` for the name of a built-in. */
export function parsePluginRef(use: string): PluginRef | undefined {
  const colon = use.indexOf(':')
  return colon === -1 ? undefined : { stem: use.slice(0, colon), exportName: use.slice(colon + 1) }
}
