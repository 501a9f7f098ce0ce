/** Ends a call from within a host function: it broke the contract. The message is the reason. */
export class HostTrap extends Error {
  override readonly name = 'HostTrap'
}
