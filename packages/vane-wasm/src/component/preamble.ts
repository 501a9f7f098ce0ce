const MAGIC = [0x00, 0x61, 0x73, 0x6d]
// The layer field tells a component (1) from a core module (0); 13 is the only component version there is.
const CORE_VERSION = 1
const COMPONENT_VERSION = 13

/**
 * Tells a component from everything else by its first eight bytes.
 *
 * @returns why the bytes are no component, or `undefined` if they begin like one.
 */
export function whyNotComponent(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'not a component: the file is empty'
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) return 'not a component: the file is not WebAssembly'
  if (bytes.length < 8) return 'not a component: the file ends within its first 8 bytes'
  const version = bytes[4]! | (bytes[5]! << 8)
  const layer = bytes[6]! | (bytes[7]! << 8)
  if (layer === 0 && version === CORE_VERSION) {
    return 'not a component: this is a core WebAssembly module; wrap it with a component tool (`jco new`, `wasm-tools component new`)'
  }
  if (layer !== 1) return `not a component: unknown WebAssembly layer ${layer}`
  if (version !== COMPONENT_VERSION) {
    return `not a component this host can run: component format version ${version}, expected ${COMPONENT_VERSION}`
  }
  return undefined
}
