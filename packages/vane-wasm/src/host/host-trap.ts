/** Ends a call from within a host function. The plugin may catch it, so the instance remembers the reason, too. */
export class HostTrap extends WebAssembly.RuntimeError {
  override readonly name = 'HostTrap'
}
